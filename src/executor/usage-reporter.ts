import type { UsageEvent } from '../../protocol/index.js';

/** Passes on the samples of a task at the pace that it asked for with `usageEventsMs`, and none where it did not. */
export class UsageReporter {
  readonly #intervalMs: number | undefined;
  readonly #report: (usage: UsageEvent) => void;
  #due = 0;

  constructor(intervalMs: number | undefined, report: (usage: UsageEvent) => void) {
    this.#intervalMs = intervalMs;
    this.#report = report;
  }

  /** Reports the sample where the next report is due. The monitor's sampling interval bounds the pace. */
  offer(sample: UsageEvent): void {
    if (this.#intervalMs === undefined) return;
    const now = performance.now();
    if (now < this.#due) return;
    this.#due = now + this.#intervalMs;
    this.#report(sample);
  }
}
