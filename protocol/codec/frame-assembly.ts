/**
 * Gathers the bytes of one frame that arrives in pieces. Grows geometrically with what has arrived, whatever length the
 * frame declares: each byte is copied a bounded number of times, and at most twice the arrived bytes are allocated
 * (while growing, the old and the new buffer together: three times).
 */
export class FrameAssembly {
  #buffer = new Uint8Array(0);
  #length = 0;

  /** Bytes gathered so far. */
  get length(): number {
    return this.#length;
  }

  /** What has been gathered: a view that the next `append` may leave behind. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Copies `piece`; the whole frame is `frameBytes` long as far as is known, and no more than that is allocated. */
  append(piece: Uint8Array, frameBytes: number): void {
    const needed = this.#length + piece.byteLength;
    if (needed > this.#buffer.byteLength) {
      const grown = new Uint8Array(Math.min(2 * needed, Math.max(needed, frameBytes)));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = needed;
  }

  /** Hands over what has been gathered and starts anew. The buffer is the taker's alone. */
  take(): Uint8Array {
    const taken = this.bytes;
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
    return taken;
  }
}
