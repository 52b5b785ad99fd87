import { MAX_TIMER_MS } from './arguments.js';

/** Somebody who waits no longer than a time limit. */
export interface Waiter {
  /** Called once, when the time has passed. */
  readonly onPassed: () => void;
}

/**
 * Time limits that are all equally long, on one timer however many run. It does not keep the host alive. As with
 * `startDeadline`, where the host's own event loop was blocked, what has arrived meanwhile is read first.
 */
export class EqualDeadlines {
  readonly #ms: number;
  /** When the time of each passes, on the clock of `performance.now()`; a map remembers who came first. */
  readonly #running = new Map<Waiter, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param ms how long each may take */
  constructor(ms: number) {
    this.#ms = Math.min(ms, MAX_TIMER_MS);
  }

  /** How many run. */
  get size(): number {
    return this.#running.size;
  }

  /** The time of `waiter` begins. */
  start(waiter: Waiter): void {
    this.#running.set(waiter, performance.now() + this.#ms);
    if (this.#timer === undefined) this.#arm(this.#ms);
  }

  /** Takes a waiter back. False where its time has passed, or it has been taken back before. */
  clear(waiter: Waiter): boolean {
    return this.#running.delete(waiter);
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => setImmediate(() => this.#pass()), Math.ceil(ms)).unref();
  }

  #pass(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [waiter, dueAt] of this.#running) {
      if (dueAt > now) {
        if (this.#timer === undefined) this.#arm(dueAt - now);
        return;
      }
      this.#running.delete(waiter);
      waiter.onPassed();
    }
  }
}
