/**
 * Keeps the head and the tail of a stream of bytes in bounded memory: everything where it fits into `capacity`, else
 * its first half and its last half. What lies between is dropped; `totalBytes` still counts it.
 */
export class HeadTailBuffer {
  readonly #headCapacity: number;
  readonly #tailCapacity: number;
  #head: Uint8Array = new Uint8Array(0);
  #headLength = 0;
  #ring: Uint8Array = new Uint8Array(0);
  #tailTotal = 0;

  constructor(capacity: number) {
    this.#headCapacity = Math.ceil(capacity / 2);
    this.#tailCapacity = capacity - this.#headCapacity;
  }

  /** How many bytes have been written in all. */
  get totalBytes(): number {
    return this.#headLength + this.#tailTotal;
  }

  /** Whether bytes have been dropped. */
  get truncated(): boolean {
    return this.#tailTotal > this.#tailCapacity;
  }

  /** Takes in a chunk by copying it. */
  write(chunk: Uint8Array): void {
    const toHead = Math.min(chunk.byteLength, this.#headCapacity - this.#headLength);
    if (toHead > 0) this.#writeHead(chunk.subarray(0, toHead));
    if (toHead < chunk.byteLength) this.#writeTail(chunk.subarray(toHead));
  }

  /** What is kept, head first, in a buffer of its own. */
  bytes(): Uint8Array {
    const kept = Math.min(this.#tailTotal, this.#tailCapacity);
    const out = new Uint8Array(this.#headLength + kept);
    out.set(this.#head.subarray(0, this.#headLength));
    if (this.#tailTotal <= this.#tailCapacity) {
      out.set(this.#ring.subarray(0, kept), this.#headLength);
    } else {
      const oldest = this.#tailTotal % this.#tailCapacity;
      out.set(this.#ring.subarray(oldest), this.#headLength);
      out.set(this.#ring.subarray(0, oldest), this.#headLength + this.#tailCapacity - oldest);
    }
    return out;
  }

  #writeHead(chunk: Uint8Array): void {
    this.#head = grown(this.#head, this.#headLength + chunk.byteLength, this.#headCapacity);
    this.#head.set(chunk, this.#headLength);
    this.#headLength += chunk.byteLength;
  }

  #writeTail(chunk: Uint8Array): void {
    const capacity = this.#tailCapacity;
    if (capacity > 0) {
      const kept = chunk.subarray(Math.max(0, chunk.byteLength - capacity));
      const at = (this.#tailTotal + chunk.byteLength - kept.byteLength) % capacity;
      this.#ring = grown(this.#ring, Math.min(capacity, this.#tailTotal + chunk.byteLength), capacity);
      const first = Math.min(kept.byteLength, capacity - at);
      this.#ring.set(kept.subarray(0, first), at);
      this.#ring.set(kept.subarray(first));
    }
    this.#tailTotal += chunk.byteLength;
  }
}

/** A buffer of at least `needed` bytes with the old content, doubled so that growing stays linear in all. */
function grown(buffer: Uint8Array, needed: number, capacity: number): Uint8Array {
  if (needed <= buffer.byteLength) return buffer;
  const larger = new Uint8Array(Math.min(capacity, Math.max(needed, buffer.byteLength * 2, 1_024)));
  larger.set(buffer);
  return larger;
}

/** Cuts `bytes` to `capacity` by dropping its middle. */
export function cutMiddle(bytes: Uint8Array, capacity: number): Uint8Array {
  if (bytes.byteLength <= capacity) return bytes;
  const buffer = new HeadTailBuffer(capacity);
  buffer.write(bytes);
  return buffer.bytes();
}
