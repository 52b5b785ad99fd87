import { setAlarm } from './alarm.js';
import type { LimitWatch } from './limit-watch.js';

const NEAR_FRACTION = 0.8;

/** Watches the wall time of a task by timers, so that it holds to the millisecond and without any sampling. */
export class WallClock {
  readonly #startedAt = performance.now();
  readonly #watch: LimitWatch;
  readonly #cancel: readonly (() => void)[];

  constructor(watch: LimitWatch, timeoutMs: number) {
    this.#watch = watch;
    const nearMs = Math.ceil(timeoutMs * NEAR_FRACTION);
    this.#cancel = [
      setAlarm(this.#startedAt, nearMs, (elapsedMs) => watch.observe(Math.min(elapsedMs, timeoutMs))),
      setAlarm(this.#startedAt, timeoutMs, (elapsedMs) => watch.reach(elapsedMs)),
    ];
  }

  /** ms since the task began. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#cancel) cancel();
    this.#watch[Symbol.dispose]();
  }
}
