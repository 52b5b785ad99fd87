import type { Readable, Writable } from 'node:stream';
import {
  FrameWriter,
  type HostFrame,
  ProtocolFault,
  parseSidecarFrame,
  type ReadBuffer,
  type SidecarFrame,
} from '../../protocol/index.js';
import { SidecarError } from './errors.js';
import { PacedReader } from './paced-reader.js';

export interface ConnectionOptions {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** What `stdout` is read into, where it is: see `intoOneBuffer`. */
  readonly buffer?: ReadBuffer | undefined;
  /** Takes each frame in its order; what it throws as ProtocolFault or SidecarError is a fault of the sidecar. */
  readonly onFrame: (frame: SidecarFrame) => void;
  /** Called once, when the stream is no longer understood. Nothing is read after it. */
  readonly onFault: (fault: ProtocolFault | SidecarError) => void;
  /** Called once, when the sidecar has closed its stdout between frames. */
  readonly onEnd: () => void;
}

/**
 * Frames over the pipes of a sidecar. Frames that are sent in one turn go out in one write after it. What is sent is
 * not limited here: the windows of the session bound it.
 */
export class Connection {
  readonly #stdin: Writable;
  readonly #reader: PacedReader;
  readonly #writer = new FrameWriter({
    write: (chunks) => this.#write(chunks),
    // Out of the pool of Node: a small array of V8's own would have to be moved out of its heap to be written.
    allocate: (bytes) => Buffer.allocUnsafe(bytes),
  });

  constructor({ stdin, stdout, buffer, onFrame, onFault, onEnd }: ConnectionOptions) {
    this.#stdin = stdin;
    this.#reader = new PacedReader(stdout, {
      buffer,
      onFrame: (raw) => {
        const frame = parseSidecarFrame(raw);
        if (frame !== null) onFrame(frame);
      },
      onError: (error) => {
        if (!(error instanceof ProtocolFault || error instanceof SidecarError)) throw error;
        onFault(error);
      },
      onEnd,
    });
  }

  /** Whether frames of the sidecar wait because the host has had no time for them. */
  get isBehind(): boolean {
    return this.#reader.isBehind;
  }

  send(frame: HostFrame): void {
    this.#writer.send(frame);
  }

  /** Sends a frame that `encodeFrame` has made. */
  sendEncoded(frame: Uint8Array): void {
    this.#writer.sendEncoded(frame);
  }

  /** Closes the stdin of the sidecar, after what has been sent. */
  end(): void {
    this.#writer.flush();
    this.#stdin.end();
  }

  /** Reads no more frames, whatever has arrived. */
  stop(): void {
    this.#reader.stop();
  }

  #write(chunks: readonly Uint8Array[]): void {
    if (!this.#stdin.writable) return;
    if (chunks.length > 1) this.#stdin.cork();
    for (const chunk of chunks) this.#stdin.write(chunk);
    if (chunks.length > 1) this.#stdin.uncork();
  }
}
