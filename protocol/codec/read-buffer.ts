/**
 * Memory that a stream is read into, again and again. What a reader has not done with yet stays where it is, and what
 * comes is read right behind it: so a frame that comes in pieces is whole in the end, and is not put together.
 */
export class ReadBuffer {
  readonly #allocate: (byteLength: number) => Uint8Array;
  readonly #capacity: number;
  #bytes: Uint8Array;
  /** Behind what has been read and is still kept. */
  #end = 0;
  /** Whether somebody may be reading into the room behind that. */
  #isAwaiting = false;

  /**
   * @param capacity in bytes, 1 or more
   * @param allocate gives so many bytes, with anything in them; by default they are zeros
   */
  constructor(capacity: number, allocate: (byteLength: number) => Uint8Array = (bytes) => new Uint8Array(bytes)) {
    this.#allocate = allocate;
    this.#capacity = capacity;
    this.#bytes = allocate(capacity);
  }

  /** How many bytes can lie in it one behind the other. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Where the next bytes are to be read into: at least one. */
  room(): Uint8Array {
    // Nothing may be moved before the reader has done with it: what it has stays where it is, and is garbage afterwards.
    if (this.#end === this.#capacity) this.#startAnew();
    this.#isAwaiting = true;
    return this.#bytes.subarray(this.#end);
  }

  /** Takes in as many bytes as have been read into the `room`, and answers where they are: right behind those before them. */
  filled(byteLength: number): Uint8Array {
    const from = this.#end;
    this.#end += byteLength;
    this.#isAwaiting = false;
    return this.#bytes.subarray(from, this.#end);
  }

  /** Whether bytes lie in it, and will be overwritten once they are not kept. */
  holds({ buffer }: Uint8Array): boolean {
    return buffer === this.#bytes.buffer;
  }

  /**
   * Keeps the last bytes that have been read, and none of those before them. Answers where they are then, which may be
   * another place. Where it does not hold them, or the next ones are awaited behind them, they stay where they are.
   */
  keep(last: Uint8Array): Uint8Array {
    if (this.#isAwaiting || (last.byteLength > 0 && !this.holds(last))) return last;
    const isAtStart = last.byteOffset === this.#bytes.byteOffset;
    if (last.byteLength > 0 && (isAtStart || this.#capacity - this.#end >= this.#capacity / 4)) return last;
    this.#bytes.set(last);
    this.#end = last.byteLength;
    return this.#bytes.subarray(0, this.#end);
  }

  #startAnew(): void {
    this.#bytes = this.#allocate(this.#capacity);
    this.#end = 0;
  }
}
