import type { Readable, Writable } from 'node:stream';
import {
  encodeFrame,
  FrameBatch,
  FrameReader,
  type HostFrame,
  ProtocolFault,
  parseSidecarFrame,
  type SidecarFrame,
} from '../../protocol/index.js';
import { SidecarError } from './errors.js';

export interface ConnectionOptions {
  readonly stdin: Writable;
  readonly stdout: Readable;
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
  readonly #options: ConnectionOptions;
  readonly #reader = new FrameReader();
  readonly #batch = new FrameBatch();
  #isScheduled = false;
  #isBroken = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    options.stdout.on('data', (chunk: Uint8Array) => this.#read(chunk));
    options.stdout.on('end', () => this.#endOfStream());
    options.stdout.on('error', () => this.#endOfStream());
  }

  send(frame: HostFrame): void {
    this.sendEncoded(encodeFrame(frame));
  }

  /** Sends a frame that `encodeFrame` has made. */
  sendEncoded(frame: Uint8Array): void {
    this.#batch.add(frame);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#flush());
  }

  /** Closes the stdin of the sidecar, after what has been sent. */
  end(): void {
    this.#flush();
    this.#options.stdin.end();
  }

  #flush(): void {
    this.#isScheduled = false;
    const { stdin } = this.#options;
    const chunks = this.#batch.take();
    if (!stdin.writable) return;
    stdin.cork();
    for (const chunk of chunks) stdin.write(chunk);
    stdin.uncork();
  }

  #read(chunk: Uint8Array): void {
    this.#guard(() => {
      for (const raw of this.#reader.push(chunk)) {
        const frame = parseSidecarFrame(raw);
        if (frame !== null) this.#options.onFrame(frame);
      }
    });
  }

  #endOfStream(): void {
    this.#guard(() => {
      this.#reader.end();
      this.#isBroken = true;
      this.#options.onEnd();
    });
  }

  #guard(act: () => void): void {
    if (this.#isBroken) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof ProtocolFault || error instanceof SidecarError)) throw error;
      this.#isBroken = true;
      this.#options.onFault(error);
    }
  }
}
