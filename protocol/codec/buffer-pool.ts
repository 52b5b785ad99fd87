/**
 * Buffers of one size that are used again and again. A stream of bytes that is slower than the garbage collector is
 * patient would otherwise leave tens of megabytes of dead buffers behind: the heap hardly grows by them.
 */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #maxKept: number;
  readonly #kept: ArrayBufferLike[] = [];

  /**
   * @param options.bufferBytes the size of each buffer
   * @param options.maxKept how many that nobody uses are kept at most
   */
  constructor({ bufferBytes, maxKept }: { bufferBytes: number; maxKept: number }) {
    this.#bufferBytes = bufferBytes;
    this.#maxKept = maxKept;
  }

  /** So many bytes, with anything in them; more than a buffer holds get a buffer of their own. */
  take(byteLength: number): Uint8Array {
    if (byteLength > this.#bufferBytes) return new Uint8Array(byteLength);
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
  giveBack({ buffer }: Uint8Array): void {
    if (buffer.byteLength === this.#bufferBytes && this.#kept.length < this.#maxKept) this.#kept.push(buffer);
  }
}
