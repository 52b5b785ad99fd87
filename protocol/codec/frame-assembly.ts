/** Smaller pieces are copied as they come: a view of a few bytes would keep a whole chunk alive. */
const BY_REFERENCE_BYTES = 16_384;

const NOTHING = new Uint8Array(0);

const SMALLEST_BLOCK_BYTES = 64;
const LARGEST_BLOCK_BYTES = 65_536;

/**
 * Gathers the bytes of one frame that arrives in pieces, and puts them together once, when the last has come. Whatever
 * length the frame declares, at most twice the bytes that have arrived are held; while they are put together, three
 * times. Each byte is copied twice at most.
 */
export class FrameAssembly {
  #pieces: Uint8Array[] = [];
  /** Where small pieces are gathered: the last of the pieces, as far as it is filled. */
  #block = NOTHING;
  #blockLength = 0;
  #length = 0;

  /** Bytes gathered so far. */
  get length(): number {
    return this.#length;
  }

  /** A copy of the first `maxBytes` that have been gathered, or of what has. */
  head(maxBytes: number): Uint8Array {
    const bytes: number[] = [];
    for (const piece of [...this.#pieces, this.#block.subarray(0, this.#blockLength)]) {
      bytes.push(...piece.subarray(0, maxBytes - bytes.length));
      if (bytes.length === maxBytes) break;
    }
    return Uint8Array.from(bytes);
  }

  /** Adds a piece, which must not be changed afterwards. */
  append(piece: Uint8Array): void {
    this.#length += piece.byteLength;
    if (piece.byteLength >= BY_REFERENCE_BYTES) {
      this.#closeBlock();
      this.#pieces.push(piece);
    } else {
      this.#copy(piece);
    }
  }

  /** Hands over what has been gathered, and `last` behind it, and starts anew. The buffer is the taker's alone. */
  finish(last: Uint8Array): Uint8Array {
    this.#closeBlock();
    const whole = new Uint8Array(this.#length + last.byteLength);
    let position = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, position);
      position += piece.byteLength;
    }
    whole.set(last, position);
    this.clear();
    return whole;
  }

  /** Lets go of what has been gathered. */
  clear(): void {
    this.#pieces = [];
    this.#block = NOTHING;
    this.#blockLength = 0;
    this.#length = 0;
  }

  #copy(piece: Uint8Array): void {
    if (piece.byteLength > this.#block.byteLength - this.#blockLength) {
      this.#closeBlock();
      const size = Math.min(LARGEST_BLOCK_BYTES, Math.max(SMALLEST_BLOCK_BYTES, this.#length));
      this.#block = new Uint8Array(Math.max(size, piece.byteLength));
    }
    this.#block.set(piece, this.#blockLength);
    this.#blockLength += piece.byteLength;
  }

  #closeBlock(): void {
    if (this.#blockLength > 0) this.#pieces.push(this.#block.subarray(0, this.#blockLength));
    this.#block = NOTHING;
    this.#blockLength = 0;
  }
}
