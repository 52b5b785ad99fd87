import type { RawFrame } from '../../protocol/index.js';
import { FrameReader, MAX_FRAME_BYTES } from '../../protocol/wire.js';
import type { ByteSource } from './byte-streams.js';

/** A frame that nobody has judged yet, and how many bytes of the stream it took. */
export interface ReceivedRaw {
  readonly raw: RawFrame;
  readonly byteLength: number;
}

/**
 * What the host writes, cut into frames, in order. Reads on only when it is asked for the next frame: who does not ask
 * stops the reading, and with it the host. Ends where the stream ends between frames.
 * @throws ProtocolFault for what is no frame at all
 */
export class RawFrames {
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
  poll(): ReceivedRaw | undefined {
    const step = this.#frames.next();
    if (step.done) return undefined;
    const byteLength = this.#pendingBytes - this.#reader.pendingBytes;
    this.#pendingBytes = this.#reader.pendingBytes;
    return { raw: step.value, byteLength };
  }

  /** The next frame, or null at the end of the stream. */
  async next(): Promise<ReceivedRaw | null> {
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
