import type { LimitEvidence, TaskStatus } from '../../protocol/index.js';
import type { QueueGauge, QueueRegistry } from '../tracking/index.js';

/** The limits that the monitor watches. */
export type WatchedLimit = 'timeoutMs' | 'cpuTimeMs' | 'memoryBytes' | 'processes' | 'workspaceBytes' | 'fileSizeBytes';

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
  readonly enforcedBy: LimitEvidence['enforcedBy'];
  readonly confidence: LimitEvidence['confidence'];
  readonly onBreach: (evidence: LimitEvidence, status: TaskStatus) => void;
}

/** Watches one limit of one task: its gauge warns near the limit, and here the verdict falls once it is exceeded. */
export class LimitWatch {
  readonly #options: LimitWatchOptions;
  readonly #gauge: QueueGauge;
  #exceeded = false;

  constructor(options: LimitWatchOptions) {
    const { registry, limit, capacity, scope } = options;
    this.#options = options;
    this.#gauge = registry.register({ limit, capacity, scope });
  }

  /** What is used of the limit now. Beyond the capacity is a breach, told once, after `near` and `exhausted`. */
  observe(value: number): void {
    const observed = Math.round(value);
    this.#gauge.observeDepth(observed);
    if (observed > this.#options.capacity) this.exceed(observed);
  }

  /** Tells the breach, whatever the figure is: for a limit that is exceeded when it is reached. */
  exceed(value: number): void {
    if (this.#exceeded) return;
    this.#exceeded = true;
    const { limit, capacity, scope, registry, enforcedBy, confidence, onBreach } = this.#options;
    const observed = Math.round(value);
    this.#gauge.observeDepth(observed);
    registry.warnLimitExhausted({ limit, observed, capacity, scope });
    onBreach({ limit, capacity, observed, enforcedBy, confidence }, STATUSES[limit]);
  }

  [Symbol.dispose](): void {
    this.#gauge.close();
  }
}
