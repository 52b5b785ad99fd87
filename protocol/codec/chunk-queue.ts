/** Chunks of a stream in the order in which they came, consumed from the front without copying. */
export class ChunkQueue {
  #chunks: Uint8Array[] = [];
  /** Where the front is: chunks before `#first` and bytes before `#offset` have been consumed. */
  #first = 0;
  #offset = 0;
  #byteLength = 0;

  /** Bytes that have not been consumed. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** The first chunk as it came, with what has been consumed of it; empty only where the queue is. */
  get firstChunk(): Uint8Array {
    return this.#chunks[this.#first] ?? nothing;
  }

  /** Where in the first chunk the front is. */
  get offset(): number {
    return this.#offset;
  }

  /** What is left of the first chunk, as a view; empty only where the queue is. */
  get front(): Uint8Array {
    const chunk = this.#chunks[this.#first] ?? nothing;
    return this.#offset === 0 ? chunk : chunk.subarray(this.#offset);
  }

  /** Holds on to `chunk` without copying it. One that lies in memory right behind the last becomes one chunk with that. */
  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    const last = this.#chunks.at(-1);
    if (last !== undefined && isRightBehind(last, chunk)) {
      const byteLength = last.byteLength + chunk.byteLength;
      this.#chunks[this.#chunks.length - 1] = new Uint8Array(last.buffer, last.byteOffset, byteLength);
    } else {
      this.#chunks.push(chunk);
    }
    this.#byteLength += chunk.byteLength;
  }

  /** Consumes the front, or its first `maxBytes` where it is longer, and returns that as a view. */
  take(maxBytes: number): Uint8Array {
    const { firstChunk, offset } = this;
    const taken = Math.min(maxBytes, firstChunk.byteLength - offset);
    this.skip(taken);
    return firstChunk.subarray(offset, offset + taken);
  }

  /** Consumes so many bytes of the first chunk, which must have them. */
  skip(byteLength: number): void {
    this.#offset += byteLength;
    this.#byteLength -= byteLength;
    if (this.#offset < this.firstChunk.byteLength) return;
    this.#offset = 0;
    this.#first += 1;
    this.#dropConsumed();
  }

  /** What is left has been moved there as one chunk. */
  moveTo(chunk: Uint8Array): void {
    this.clear();
    this.push(chunk);
  }

  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
    this.#byteLength = 0;
  }

  /** Dropped all at once or when they are half of many, so that each chunk is moved a bounded number of times. */
  #dropConsumed(): void {
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#first = 0;
    } else if (this.#first >= MANY_CHUNKS && this.#first * 2 >= this.#chunks.length) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

function isRightBehind(last: Uint8Array, chunk: Uint8Array): boolean {
  return chunk.buffer === last.buffer && chunk.byteOffset === last.byteOffset + last.byteLength;
}

const MANY_CHUNKS = 64;

const nothing = new Uint8Array(0);
