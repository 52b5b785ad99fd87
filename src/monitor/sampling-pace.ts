/** From here on memory is looked at as often as can be. */
const CLOSE_FRACTION = 0.5;
const NEAR_FRACTION = 0.8;

const FASTEST_MS = 10;

/**
 * How soon a task has to be sampled again: at the base interval while its memory is far from the limit, and sooner the
 * sooner it can be there. So that what grows by 200 MiB/s is seen, and warned of, before it reaches its limit.
 */
export class SamplingPace {
  readonly #limitBytes: number;
  readonly #baseMs: number;
  #last: { readonly at: number; readonly bytes: number } | null = null;
  #delayMs = FASTEST_MS;

  constructor(limitBytes: number, baseMs: number) {
    this.#limitBytes = limitBytes;
    this.#baseMs = baseMs;
  }

  /** ms from the last sample to the next. A task begins with short pauses, which double. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** Takes the memory of a sample; `at` is a time of `performance.now()`. */
  observe(bytes: number, at: number): void {
    const before = this.#last;
    this.#last = { at, bytes };
    const growth = before === null || at <= before.at ? 0 : (bytes - before.bytes) / (at - before.at);
    const roomBytes = this.#limitBytes * NEAR_FRACTION - bytes;
    const arrivalMs = growth > 0 ? Math.max(0, roomBytes) / growth : Number.POSITIVE_INFINITY;
    const isClose = bytes >= this.#limitBytes * CLOSE_FRACTION;
    const wantedMs = isClose ? FASTEST_MS : Math.min(2 * this.#delayMs, arrivalMs / 2);
    this.#delayMs = Math.min(this.#baseMs, Math.max(FASTEST_MS, wantedMs));
  }
}
