/** How often the event loop is probed while it has something to do, in ms. */
const PROBE_MS = 100;

/** How often while it has next to nothing to do, in ms: each probe wakes the process up. */
const IDLE_PROBE_MS = 1_000;

/** For this share of the time, at most, it has next to nothing to do. */
const IDLE_SHARE = 0.05;

/**
 * The worst delay of the event loop: by how much a timer came too late. While there is next to nothing to do that is
 * looked at once a second, and what the loop was busy for within that time counts as one delay where it is more than
 * 100 ms. Nothing is missed where it is taken while the timer is overdue, right after the loop was blocked.
 */
export class LoopDelay implements Disposable {
  #timer: NodeJS.Timeout;
  #periodMs = PROBE_MS;
  #due = performance.now() + PROBE_MS;
  #load = performance.eventLoopUtilization();
  #worstMs = 0;

  constructor() {
    this.#timer = this.#arm();
  }

  /** The worst delay since it was last taken, in whole ms. Who takes it often enough spares the probing. */
  take(): number {
    clearTimeout(this.#timer);
    this.#probe();
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return Math.round(worst);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #arm(): NodeJS.Timeout {
    this.#due = performance.now() + this.#periodMs;
    return setTimeout(() => this.#probe(), this.#periodMs).unref();
  }

  #probe(): void {
    const busyShare = this.#look();
    this.#periodMs = busyShare > IDLE_SHARE ? PROBE_MS : IDLE_PROBE_MS;
    this.#timer = this.#arm();
  }

  /** Counts what has passed since the last look. Tells for which share of it the loop was busy. */
  #look(): number {
    const load = performance.eventLoopUtilization();
    const { active, utilization } = performance.eventLoopUtilization(load, this.#load);
    this.#load = load;
    const isUnseen = this.#periodMs === IDLE_PROBE_MS && active > PROBE_MS;
    this.#worstMs = Math.max(this.#worstMs, performance.now() - this.#due, isUnseen ? active : 0);
    return utilization;
  }
}
