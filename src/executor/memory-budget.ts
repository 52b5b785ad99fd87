import type { QueueGauge } from '../tracking/index.js';

/** The sum of memory limits that running tasks may hold. Reserving is exact: what is taken is given back once. */
export class MemoryBudget {
  readonly capacity: number;
  readonly #gauge: QueueGauge;
  #reserved = 0;

  constructor(capacity: number, gauge: QueueGauge) {
    this.capacity = capacity;
    this.#gauge = gauge;
  }

  get available(): number {
    return this.capacity - this.#reserved;
  }

  /** Takes `bytes`, or answers false and takes nothing where they do not fit. */
  reserve(bytes: number): boolean {
    if (bytes > this.available) return false;
    this.#reserved += bytes;
    this.#gauge.observeDepth(this.#reserved);
    return true;
  }

  /** Gives back what was taken. Warnings see it with `observe`: what is taken again at once was never recovered. */
  release(bytes: number): void {
    this.#reserved -= bytes;
  }

  observe(): void {
    this.#gauge.observeDepth(this.#reserved);
  }

  close(): void {
    this.#gauge.close();
  }
}
