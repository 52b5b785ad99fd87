import type { TaskStatus } from '../../protocol/index.js';
import type { QueueGauge, QueueRegistry } from '../tracking/index.js';

/** The limits that the monitor watches. */
export type WatchedLimit = 'timeoutMs' | 'cpuTimeMs' | 'memoryBytes' | 'processes' | 'workspaceBytes' | 'fileSizeBytes';

/** A limit that was exceeded. */
export interface Breach {
  readonly limit: WatchedLimit;
  readonly status: TaskStatus;
  readonly capacity: number;
  readonly observed: number;
}

const STATUSES: Readonly<Record<WatchedLimit, TaskStatus>> = {
  timeoutMs: 'timeout',
  cpuTimeMs: 'cpuLimitExceeded',
  memoryBytes: 'memoryLimitExceeded',
  processes: 'processLimitExceeded',
  workspaceBytes: 'resourceLimitExceeded',
  fileSizeBytes: 'resourceLimitExceeded',
};

export interface LimitWatchOptions {
  readonly limit: WatchedLimit;
  readonly capacity: number;
  readonly scope: string;
  readonly registry: QueueRegistry;
  readonly onBreach: (breach: Breach) => void;
}

/**
 * Watches one limit of one task: its gauge warns near the limit, and whoever is to know hears when it is exceeded. That
 * is the last of it: what the task uses while it is killed is nobody's concern.
 */
export class LimitWatch {
  readonly #options: LimitWatchOptions;
  readonly #gauge: QueueGauge;
  #exceeded = false;

  constructor(options: LimitWatchOptions) {
    const { registry, limit, capacity, scope } = options;
    this.#options = options;
    this.#gauge = registry.register({ limit, capacity, scope });
  }

  /** What is used of the limit now. Beyond the capacity is a breach. */
  observe(value: number): void {
    if (this.#exceeded) return;
    const observed = Math.round(value);
    this.#gauge.observeDepth(observed);
    if (observed > this.#options.capacity) this.#breach(observed);
  }

  /** The limit has been reached, which is a breach of one that is held from outside: by a timer, by the kernel. */
  reach(value: number): void {
    if (this.#exceeded) return;
    const observed = Math.round(value);
    this.#gauge.observeDepth(observed);
    this.#breach(observed);
  }

  [Symbol.dispose](): void {
    this.#gauge.close();
  }

  #breach(observed: number): void {
    this.#exceeded = true;
    const { limit, capacity, onBreach } = this.#options;
    onBreach({ limit, status: STATUSES[limit], capacity, observed });
  }
}
