import { type EncodeOptions, encodeFrame, type OutgoingFrame } from './encode.js';
import { FrameBatch } from './frame-batch.js';

/**
 * Encodes frames when they are sent and writes all that are sent in one turn by one call of `write`, in their order, in
 * a microtask after that turn.
 */
export class FrameWriter {
  readonly #write: (chunks: Uint8Array[]) => void;
  readonly #encoding: EncodeOptions;
  readonly #batch = new FrameBatch();
  #isScheduled = false;

  /**
   * @param options.write takes the chunks of one write, in order, and owns them; it must not throw
   * @param options besides `write`, how frames are encoded: see `EncodeOptions`
   */
  constructor(options: EncodeOptions & { readonly write: (chunks: Uint8Array[]) => void }) {
    const { write, ...encoding } = options;
    this.#write = write;
    this.#encoding = encoding;
  }

  /**
   * Encodes `frame`, whose body may be changed afterwards, and writes it after this turn.
   *
   * @throws ProtocolFault as `encodeFrame` does; then nothing of this frame is written
   */
  send(frame: OutgoingFrame): void {
    this.sendEncoded(encodeFrame(frame, this.#encoding));
  }

  /** Writes a frame that `encodeFrame` has made, which must not be changed afterwards, in its place among the others. */
  sendEncoded(frame: Uint8Array): void {
    this.#batch.add(frame);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      void Promise.resolve().then(() => this.flush());
    }
  }

  /** Writes what has been sent and not written yet, now; nothing where there is nothing. */
  flush(): void {
    this.#isScheduled = false;
    const chunks = this.#batch.take();
    if (chunks.length > 0) {
      this.#write(chunks);
    }
  }
}
