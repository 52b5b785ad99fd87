import type { LimitEvidence, LimitWarning, TaskStatus, UsageEvent } from '../../../protocol/index.js';
import {
  type MonitorObserver,
  type MonitorTarget,
  ResourceMonitor,
  type ResourceMonitorOptions,
  type TreeSample,
  type UsageSampler,
} from '../../../src/monitor/index.js';
import type { WorkspaceMeasure } from '../../../src/sandbox/index.js';
import { QueueRegistry } from '../../../src/tracking/index.js';
import { createKeepingLogger, type KeepingLogger } from '../../support/logs.js';

/** A monitor with everything that it tells: warnings and breaches in the order in which they came, and samples. */
export class TestMonitor implements Disposable {
  readonly monitor: ResourceMonitor;
  readonly registry = new QueueRegistry();
  readonly logger: KeepingLogger = createKeepingLogger();
  readonly warnings: LimitWarning[] = [];
  readonly breaches: { evidence: LimitEvidence; status: TaskStatus }[] = [];
  readonly samples: UsageEvent[] = [];
  /** `limit kind` of each warning, `limit breach` of each breach. */
  readonly story: string[] = [];
  readonly observer: MonitorObserver = {
    onBreach: (evidence, status) => {
      this.breaches.push({ evidence, status });
      this.story.push(`${evidence.limit} breach`);
    },
    onUsage: (sample) => this.samples.push(sample),
  };

  constructor(options: Partial<ResourceMonitorOptions> = {}) {
    this.registry.setLimitWarningHandler((warning) => {
      this.warnings.push(warning);
      this.story.push(`${warning.limit} ${warning.kind}`);
    });
    this.monitor = new ResourceMonitor({
      enabled: true,
      intervalMs: 20,
      registry: this.registry,
      logger: this.logger,
      ...options,
    });
  }

  [Symbol.dispose](): void {
    this.monitor.close();
  }
}

/** A task that is nothing but its id, and its workspace where a test gives it one. */
export function target(executionId: string, measure: () => Promise<WorkspaceMeasure | null> = async () => null) {
  return { executionId, members: async () => [], measureWorkspace: measure } satisfies MonitorTarget;
}

/** Gives every task one sample after another, and the last one again and again. */
export function scriptedSampler(...script: readonly Partial<TreeSample>[]): UsageSampler {
  let next = 0;
  return {
    sample: async (targets) => {
      const current = script[Math.min(next++, script.length - 1)];
      const sample = { processes: 1, memoryBytes: 0, cpuMs: 0, userMs: null, systemMs: null, ...current };
      return new Map(current === undefined ? [] : targets.map(({ executionId }) => [executionId, sample]));
    },
    forget: () => undefined,
  };
}
