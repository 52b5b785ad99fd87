/** What orders an entry: higher `priority` first; `enqueuedAt` in ms. */
export interface AgedEntry {
  readonly priority: number;
  readonly enqueuedAt: number;
}

/**
 * A priority queue with aging: each `agingMs` of waiting is worth one step of priority, so nothing starves.
 * Since all entries age at the same pace, their order never changes while they wait: an entry is as good as one of
 * priority 0 that came `priority × agingMs` earlier. Equals leave in the order in which they came.
 */
export class AgedQueue<Entry extends AgedEntry> implements Iterable<Entry> {
  readonly #agingMs: number;
  readonly #entries: Entry[] = [];

  constructor(agingMs: number) {
    this.#agingMs = agingMs;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Adds an entry and answers how many are ahead of it. O(log n) to find the place. */
  push(entry: Entry): number {
    const key = this.#virtualArrival(entry);
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#virtualArrival(this.#entries[middle]!) <= key) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
    return low;
  }

  /** The entry whose turn it is. */
  peek(): Entry | undefined {
    return this.#entries[0];
  }

  /** Takes the entry whose turn it is. */
  shift(): Entry | undefined {
    return this.#entries.shift();
  }

  /** Takes an entry out of the middle. False where it is not there. */
  remove(entry: Entry): boolean {
    const index = this.#entries.indexOf(entry);
    if (index === -1) return false;
    this.#entries.splice(index, 1);
    return true;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries[Symbol.iterator]();
  }

  #virtualArrival(entry: Entry): number {
    return entry.enqueuedAt - entry.priority * this.#agingMs;
  }
}
