import { FrameReader, type HostFrame, MAX_FRAME_BYTES, parseHostFrame } from '../../protocol/index.js';
import type { ByteSource } from './byte-streams.js';

/** A frame from the host and how many bytes of the stream it took. */
export interface ReceivedFrame {
  readonly frame: HostFrame;
  readonly byteLength: number;
}

/**
 * The frames of the host, in order. Reads on only when it is asked for the next frame: who does not ask stops the
 * reading, and with it the host. Ends where the stream ends between frames.
 * @throws ProtocolFault for everything that is not a frame of a host
 */
export class FrameSource {
  readonly #reader: FrameReader;
  readonly #frames: AsyncGenerator<ReceivedFrame, void, void>;

  /** @param maxFrameBytes the largest frame that is read, 1 to 16,777,215 bytes */
  constructor(source: ByteSource, maxFrameBytes = MAX_FRAME_BYTES) {
    this.#reader = new FrameReader({ maxFrameBytes });
    this.#frames = readFrames(source, this.#reader);
  }

  /** From the next frame on, this is the largest that is read. */
  limitFrames(maxFrameBytes: number): void {
    this.#reader.maxFrameBytes = maxFrameBytes;
  }

  /** The next frame, or null at the end of the stream. */
  async next(): Promise<ReceivedFrame | null> {
    const step = await this.#frames.next();
    return step.done ? null : step.value;
  }
}

async function* readFrames(source: ByteSource, reader: FrameReader): AsyncGenerator<ReceivedFrame, void, void> {
  for await (const chunk of source) {
    let pending = reader.pendingBytes + chunk.byteLength;
    for (const raw of reader.push(chunk)) {
      const byteLength = pending - reader.pendingBytes;
      pending = reader.pendingBytes;
      const frame = parseHostFrame(raw);
      if (frame !== null) yield { frame, byteLength };
    }
  }
  reader.end();
}
