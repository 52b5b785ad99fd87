import type { QueueSnapshot } from '../../protocol/index.js';
import { fillPercent } from './fill-percent.js';
import type { Park, ParkLog } from './park-log.js';
import type { Link, LinkReading } from './stall.js';
import { toCount } from './to-count.js';

export interface WindowOptions extends Link {
  /** What the window is called in a snapshot. */
  readonly window: 'outputWindow' | 'stdinWindow' | 'stdout' | 'stderr';
  /** `sidecar`, or the execution id of the task whose window it is. */
  readonly scope: string;
  /** In bytes. */
  readonly capacity: number;
  /** The setting that changes the capacity, where there is one. */
  readonly configKey?: string;
}

/**
 * The live usage of a window of bytes: what has gone into it and not yet out. A full one is how streaming goes and no
 * sign of trouble, so it never warns: that somebody has waited at it for long is told as a stall. Made by
 * `QueueRegistry.openWindow`.
 */
export class WindowGauge implements Disposable {
  readonly #options: WindowOptions;
  readonly #parks: ParkLog;
  readonly #onClosed: () => void;
  #depth = 0;
  #enqueued = 0;
  #highWater = 0;

  constructor(options: WindowOptions, wiring: { readonly parks: ParkLog; readonly onClosed: () => void }) {
    this.#options = options;
    this.#parks = wiring.parks;
    this.#onClosed = wiring.onClosed;
  }

  /**
   * This is how much is in the window now, and how much has gone into it in all, in bytes. What is below 0, because
   * more was allowed than the window, is 0.
   */
  observe(depth: number, enqueued: number): void {
    this.#depth = toCount(depth);
    this.#enqueued = toCount(enqueued);
    this.#highWater = Math.max(this.#highWater, this.#depth);
  }

  /** A producer waits for room until what is returned is ended, or disposed of. */
  park(): Park {
    return this.#parks.park();
  }

  reading(): LinkReading {
    const { capacity, configKey } = this.#options;
    return { observed: this.#depth, capacity, unit: 'bytes', ...(configKey !== undefined && { configKey }) };
  }

  snapshot(): QueueSnapshot {
    const { window: name, scope, capacity } = this.#options;
    const depth = Math.min(this.#depth, capacity);
    return {
      name,
      category: 'queue',
      scope,
      unit: 'bytes',
      capacity,
      depth,
      highWater: this.#highWater,
      fillPercent: fillPercent(depth, capacity),
      enqueued: this.#enqueued,
      dequeued: this.#enqueued - this.#depth,
      ...this.#parks.totals(),
    };
  }

  /** The window is gone: it leaves the snapshot of the registry. Idempotent. */
  close(): void {
    this.#onClosed();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
