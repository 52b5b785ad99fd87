/** How often the event loop is probed, in ms. */
const PROBE_MS = 100;

/**
 * The worst delay of the event loop: by how much a timer came too late. Nothing is missed where it is taken while the
 * timer is overdue, right after the loop was blocked.
 */
export class LoopDelay implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #due = performance.now() + PROBE_MS;
  #worstMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#probe(), PROBE_MS).unref();
  }

  /** The worst delay since it was last taken, in whole ms. */
  take(): number {
    const now = performance.now();
    const worst = Math.max(this.#worstMs, now - this.#due, 0);
    this.#worstMs = 0;
    this.#due = Math.max(this.#due, now);
    return Math.round(worst);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #probe(): void {
    const now = performance.now();
    this.#worstMs = Math.max(this.#worstMs, now - this.#due);
    this.#due = now + PROBE_MS;
  }
}
