import type { EffectiveLimits, LimitEvidence, ResourceUsage, TaskStatus, UsageEvent } from '../../protocol/index.js';
import type { WorkspaceMeasure } from '../sandbox/backend.js';
import type { Logger, QueueRegistry } from '../tracking/index.js';
import { LimitWatch, type WatchedLimit } from './limit-watch.js';
import type { MonitorObserver, MonitorTarget } from './monitor-target.js';
import type { TreeSample } from './usage-sampler.js';
import { WallClock } from './wall-clock.js';
import { WorkspaceMeter } from './workspace-meter.js';

/** So many samples of a task are kept: the latest. */
const HISTORY_LENGTH = 1_000;

export interface MonitorHandleOptions {
  readonly target: MonitorTarget;
  readonly limits: EffectiveLimits;
  readonly observer: MonitorObserver;
  readonly registry: QueueRegistry;
  readonly logger: Logger;
  /** Without it only the wall time is watched. */
  readonly sampled: boolean;
}

type SampledLimit = Exclude<WatchedLimit, 'timeoutMs'>;

/** The monitoring of one task: its limits, what it uses, and what was sampled of it. */
export class MonitorHandle {
  readonly executionId: string;
  readonly limits: EffectiveLimits;
  readonly #target: MonitorTarget;
  readonly #observer: MonitorObserver;
  readonly #logger: Logger;
  readonly #clock: WallClock;
  /** Null where nothing is sampled. */
  readonly #watches: Readonly<Record<SampledLimit, LimitWatch>> | null;
  readonly #workspace: WorkspaceMeter;
  readonly #history: UsageEvent[] = [];
  #peaks = { memoryBytes: 0, processes: 0 };
  #breached = false;

  constructor(options: MonitorHandleOptions) {
    const { target, limits, observer, registry, logger, sampled } = options;
    this.executionId = target.executionId;
    this.limits = limits;
    this.#target = target;
    this.#observer = observer;
    this.#logger = logger;
    const onBreach = (evidence: LimitEvidence, status: TaskStatus) => this.#breach(evidence, status);
    const shared = { scope: this.executionId, registry, onBreach };
    const watch = (limit: SampledLimit) =>
      new LimitWatch({ ...shared, limit, capacity: limits[limit], enforcedBy: 'sampled', confidence: 'sampled' });
    const timeout = { limit: 'timeoutMs', enforcedBy: 'timer', confidence: 'measured' } as const;
    this.#clock = new WallClock(
      new LimitWatch({ ...shared, ...timeout, capacity: limits.timeoutMs }),
      limits.timeoutMs,
    );
    this.#watches = sampled
      ? {
          cpuTimeMs: watch('cpuTimeMs'),
          memoryBytes: watch('memoryBytes'),
          processes: watch('processes'),
          workspaceBytes: watch('workspaceBytes'),
          fileSizeBytes: watch('fileSizeBytes'),
        }
      : null;
    this.#workspace = new WorkspaceMeter(
      () => target.measureWorkspace(),
      (measure) => this.#observeWorkspace(measure),
    );
  }

  /** What the sampler looks at. */
  get target(): MonitorTarget {
    return this.#target;
  }

  /** The last 1,000 samples, the oldest first. */
  get usageHistory(): readonly UsageEvent[] {
    return this.#history;
  }

  /** Takes a sample of the tree: tells it, and holds it against the limits. */
  observe(sample: TreeSample): void {
    this.#peaks = {
      memoryBytes: Math.max(this.#peaks.memoryBytes, sample.memoryBytes),
      processes: Math.max(this.#peaks.processes, sample.processes),
    };
    const usage = this.#usageEvent(sample);
    if (this.#history.push(usage) > HISTORY_LENGTH) this.#history.shift();
    this.#guard(() => this.#observer.onUsage(usage));
    this.#watches?.cpuTimeMs.observe(sample.cpuMs);
    this.#watches?.memoryBytes.observe(sample.memoryBytes);
    this.#watches?.processes.observe(sample.processes);
  }

  /** Measures the workspace where it is time to. */
  tickWorkspace(): void {
    this.#workspace.tick();
  }

  /** Measures the workspace a last time, and ends the watching of all limits. */
  async finish(): Promise<ResourceUsage> {
    const wallMs = Math.round(this.#clock.elapsedMs);
    if (this.#watches !== null) await this.#workspace.finish();
    this[Symbol.dispose]();
    const last = this.#history.at(-1);
    return {
      wallMs,
      cpuMs: last?.cpuMs ?? null,
      userMs: last?.userMs ?? null,
      systemMs: last?.systemMs ?? null,
      memoryPeakBytes: last?.memoryPeakBytes ?? null,
      processPeak: last?.processPeak ?? null,
      ioReadBytes: null,
      ioWriteBytes: null,
    };
  }

  /** No limit is watched any more. Idempotent. */
  [Symbol.dispose](): void {
    this.#clock[Symbol.dispose]();
    for (const watch of Object.values(this.#watches ?? {})) watch[Symbol.dispose]();
  }
}
