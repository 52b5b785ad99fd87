import { FrameReader, type HostFrame, MAX_FRAME_BYTES, parseHostFrame, type RawFrame } from '../../protocol/index.js';
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
  readonly #chunks: AsyncIterator<Uint8Array>;
  #frames: Iterator<RawFrame> = [].values();
  /** What the frames to come have, of the chunks that were read so far. */
  #pendingBytes = 0;

  /** @param maxFrameBytes the largest frame that is read, 1 to 16,777,215 bytes */
  constructor(source: ByteSource, maxFrameBytes = MAX_FRAME_BYTES) {
    this.#reader = new FrameReader({ maxFrameBytes });
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** From the next frame on, this is the largest that is read. */
  limitFrames(maxFrameBytes: number): void {
    this.#reader.maxFrameBytes = maxFrameBytes;
  }

  /** The next frame where it has been read already, or undefined: then `next` reads on. */
  poll(): ReceivedFrame | undefined {
    for (let step = this.#frames.next(); !step.done; step = this.#frames.next()) {
      const byteLength = this.#pendingBytes - this.#reader.pendingBytes;
      this.#pendingBytes = this.#reader.pendingBytes;
      const frame = parseHostFrame(step.value);
      if (frame !== null) return { frame, byteLength };
    }
    return undefined;
  }

  /** The next frame, or null at the end of the stream. */
  async next(): Promise<ReceivedFrame | null> {
    for (;;) {
      const received = this.poll();
      if (received !== undefined) return received;
      const step = await this.#chunks.next();
      if (step.done) break;
      this.#pendingBytes = this.#reader.pendingBytes + step.value.byteLength;
      this.#frames = this.#reader.push(step.value);
    }
    this.#reader.end();
    return null;
  }
}
