/**
 * Buffers of one size that are used again and again. A stream of bytes that is slower than the garbage collector is
 * patient would otherwise leave tens of megabytes of dead buffers behind: the heap hardly grows by them.
 */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #maxKept: number;
  readonly #leastBytes: number;
  readonly #kept: ArrayBufferLike[] = [];

  /**
   * @param options.bufferBytes the size of each buffer
   * @param options.maxKept how many that nobody uses are kept at most
   * @param options.leastBytes what is smaller gets bytes of its own: a buffer would be mostly empty. Default: 0
   */
  constructor({ bufferBytes, maxKept, leastBytes = 0 }: { bufferBytes: number; maxKept: number; leastBytes?: number }) {
    this.#bufferBytes = bufferBytes;
    this.#maxKept = maxKept;
    this.#leastBytes = leastBytes;
  }

  /** So many bytes, with anything in them; those that are too many or too few for a buffer get one of their own. */
  take(byteLength: number): Uint8Array {
    if (byteLength > this.#bufferBytes || byteLength < this.#leastBytes) return new Uint8Array(byteLength);
    return new Uint8Array(this.#kept.pop() ?? new ArrayBuffer(this.#bufferBytes), 0, byteLength);
  }

  /** A copy of `bytes` that may be given back. */
  copyOf(bytes: Uint8Array): Uint8Array {
    const copy = this.take(bytes.byteLength);
    copy.set(bytes);
    return copy;
  }

  /**
   * Takes back what `take` has given, or any view of it. Nobody may look at it any more, and it may be given back once
   * only. What is never given back is garbage like any other; a buffer of another size is let go of.
   */
  giveBack(bytes: Uint8Array): void {
    // V8 would have to move a small one out of its heap to tell its buffer.
    if (bytes.byteLength < this.#leastBytes) return;
    const { buffer } = bytes;
    if (buffer.byteLength === this.#bufferBytes && this.#kept.length < this.#maxKept) this.#kept.push(buffer);
  }
}
