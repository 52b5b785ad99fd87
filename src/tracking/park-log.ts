/** A producer that waits for room. Ending the wait twice counts once. */
export interface Park extends Disposable {
  end(): void;
}

/** Who waits and has waited for room; times in ms, those who still wait included. */
export interface ParkTotals {
  readonly waiters: number;
  readonly parkedCount: number;
  readonly parkedMs: number;
  readonly longestParkMs: number;
}

/** The totals of where nobody has ever waited. */
export const NOBODY_PARKED: ParkTotals = { waiters: 0, parkedCount: 0, parkedMs: 0, longestParkMs: 0 };

/** Hears when the first begins to wait, and when nobody waits any more. */
export interface ParkObserver {
  onParked(): void;
  onReleased(): void;
}

/** Counts the producers that wait for room in a queue, and how long they wait. */
export class ParkLog {
  /** Those who wait, the one who has waited longest first. */
  readonly #open = new Set<{ readonly since: number }>();
  readonly #observer: ParkObserver | null;
  #parkedCount = 0;
  #endedMs = 0;
  #longestEndedMs = 0;

  constructor(observer: ParkObserver | null = null) {
    this.#observer = observer;
  }

  /** Since when the one who has waited longest waits, as `performance.now()` tells it; null where nobody waits. */
  get since(): number | null {
    for (const { since } of this.#open) return since;
    return null;
  }

  /** A producer begins to wait. */
  park(): Park {
    const entry = { since: performance.now() };
    this.#open.add(entry);
    this.#parkedCount += 1;
    if (this.#open.size === 1) this.#observer?.onParked();
    const end = () => this.#end(entry);
    return { end, [Symbol.dispose]: end };
  }

  totals(): ParkTotals {
    const now = performance.now();
    let parkedMs = this.#endedMs;
    let longestParkMs = this.#longestEndedMs;
    for (const { since } of this.#open) {
      parkedMs += now - since;
      longestParkMs = Math.max(longestParkMs, now - since);
    }
    return {
      waiters: this.#open.size,
      parkedCount: this.#parkedCount,
      parkedMs: Math.floor(parkedMs),
      longestParkMs: Math.floor(longestParkMs),
    };
  }

  #end(entry: { readonly since: number }): void {
    if (!this.#open.delete(entry)) return;
    const waitedMs = performance.now() - entry.since;
    this.#endedMs += waitedMs;
    this.#longestEndedMs = Math.max(this.#longestEndedMs, waitedMs);
    if (this.#open.size === 0) this.#observer?.onReleased();
  }
}
