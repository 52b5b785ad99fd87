import type { EffectiveLimits, LimitEvidence, ResourceUsage, UsageEvent } from '../../protocol/index.js';
import type { WorkspaceMeasure } from '../sandbox/backend.js';
import { type CgroupTotals, isOutOfMemory } from '../sandbox/cgroup/index.js';
import type { Logger, QueueRegistry } from '../tracking/index.js';
import { type Breach, LimitWatch, type WatchedLimit } from './limit-watch.js';
import type { MonitorObserver, MonitorTarget } from './monitor-target.js';
import { SamplingPace } from './sampling-pace.js';
import type { TreeSample } from './usage-sampler.js';
import { WallClock } from './wall-clock.js';
import { WorkspaceMeter } from './workspace-meter.js';

/** So many samples of a task are kept: the latest. */
const HISTORY_LENGTH = 1_000;

const SAMPLED_LIMITS = ['cpuTimeMs', 'memoryBytes', 'processes', 'workspaceBytes', 'fileSizeBytes'] as const;

export interface MonitorHandleOptions {
  readonly target: MonitorTarget;
  readonly limits: EffectiveLimits;
  readonly observer: MonitorObserver;
  readonly registry: QueueRegistry;
  readonly logger: Logger;
  /** Without it only the wall time is watched. */
  readonly sampled: boolean;
  /** How often it is sampled while no limit is near, in ms. */
  readonly intervalMs: number;
}

/** The monitoring of one task: its limits, what it uses, and what was sampled of it. */
export class MonitorHandle {
  readonly executionId: string;
  readonly limits: EffectiveLimits;
  readonly target: MonitorTarget;
  readonly #options: MonitorHandleOptions;
  readonly #clock: WallClock;
  /** Empty where nothing is sampled. */
  readonly #watches: ReadonlyMap<WatchedLimit, LimitWatch>;
  readonly #workspace: WorkspaceMeter;
  readonly #history: UsageEvent[] = [];
  readonly #pace: SamplingPace;
  #nudge: Disposable | null = null;
  #sampledAt = performance.now();
  #breached = false;
  #ended = false;

  constructor(options: MonitorHandleOptions) {
    const { target, limits, sampled } = options;
    this.executionId = target.executionId;
    this.limits = limits;
    this.target = target;
    this.#options = options;
    this.#clock = new WallClock(this.#watch('timeoutMs'), limits.timeoutMs);
    this.#watches = new Map(sampled ? SAMPLED_LIMITS.map((limit) => [limit, this.#watch(limit)]) : []);
    this.#pace = new SamplingPace(limits.memoryBytes, options.intervalMs);
    this.#workspace = new WorkspaceMeter(
      () => target.measureWorkspace(),
      (measure) => this.#observeWorkspace(measure),
    );
  }

  /** The last 1,000 samples, the oldest first. */
  get usageHistory(): readonly UsageEvent[] {
    return this.#history;
  }

  /** When the next sample is due, as a time of `performance.now()`. */
  get dueAt(): number {
    return this.#sampledAt + this.#pace.delayMs;
  }

  /** Has the task looked at whenever the kernel says that its memory nears the limit, where the kernel says so. */
  async watchMemory(look: () => void): Promise<void> {
    const nudge = (await this.target.accounting?.watchMemory(look).catch(() => null)) ?? null;
    if (this.#ended) nudge?.[Symbol.dispose]();
    else this.#nudge = nudge;
  }

  /** A sample is being taken. */
  sampling(): void {
    this.#sampledAt = performance.now();
  }

  /** Looks at what the kernel has refused: it strikes between two samples. */
  async observeEvents(): Promise<void> {
    const events = await this.target.accounting?.events();
    if (events === undefined || this.#ended) return;
    const reached = (limit: WatchedLimit) => this.#watches.get(limit)?.reach(this.limits[limit]);
    if (isOutOfMemory(events)) reached('memoryBytes');
    if ((events.processLimitHits ?? 0) > 0) reached('processes');
  }

  /** Takes a sample of the tree: keeps it, tells it, and holds it against the limits. */
  observe(sample: TreeSample): void {
    if (this.#ended) return;
    this.#pace.observe(sample.memoryBytes, performance.now());
    const usage = this.#usageEvent(sample);
    if (this.#history.push(usage) > HISTORY_LENGTH) this.#history.shift();
    this.#tell(() => this.#options.observer.onUsage(usage));
    if (this.#breached) return;
    this.#watches.get('cpuTimeMs')?.observe(sample.cpuMs);
    this.#watches.get('memoryBytes')?.observe(sample.memoryBytes);
    this.#watches.get('processes')?.observe(sample.processes);
  }

  /** Measures the workspace where it is its turn among so many. */
  tickWorkspace(sharers: number): void {
    this.#workspace.tick(sharers);
  }

  /**
   * Ends the monitoring: the clock at once, the other limits after the workspace was measured once more. Resolves
   * with the final figures; those that were never sampled are null.
   * @param counted what the kernel has counted by now; null where it does not
   */
  async finish(counted: CgroupTotals | null): Promise<ResourceUsage> {
    const wallMs = Math.round(this.#clock.elapsedMs);
    this.#clock[Symbol.dispose]();
    if (counted?.cpuMs != null) this.#watches.get('cpuTimeMs')?.observe(counted.cpuMs);
    if (this.#options.sampled) await this.#workspace.finish();
    this[Symbol.dispose]();
    const last = this.#history.at(-1);
    return {
      wallMs,
      cpuMs: figure(counted?.cpuMs, last?.cpuMs),
      userMs: figure(counted?.userMs, last?.userMs),
      systemMs: figure(counted?.systemMs, last?.systemMs),
      memoryPeakBytes: figure(counted?.memoryPeakBytes, last?.memoryPeakBytes),
      processPeak: figure(counted?.processPeak, last?.processPeak),
      ioReadBytes: figure(counted?.ioReadBytes),
      ioWriteBytes: figure(counted?.ioWriteBytes),
    };
  }

  /** Nothing is watched any more. Idempotent. */
  [Symbol.dispose](): void {
    this.#ended = true;
    this.#nudge?.[Symbol.dispose]();
    this.#clock[Symbol.dispose]();
    for (const watch of this.#watches.values()) watch[Symbol.dispose]();
  }

  #watch(limit: WatchedLimit): LimitWatch {
    const { registry, limits } = this.#options;
    const onBreach = (breach: Breach) => this.#breach(breach);
    return new LimitWatch({ limit, capacity: limits[limit], scope: this.executionId, registry, onBreach });
  }

  #usageEvent({ processes, memoryBytes, cpuMs, userMs, systemMs }: TreeSample): UsageEvent {
    const before = this.#history.at(-1);
    return {
      wallMs: Math.round(this.#clock.elapsedMs),
      cpuMs,
      userMs,
      systemMs,
      memoryBytes,
      memoryPeakBytes: Math.max(memoryBytes, before?.memoryPeakBytes ?? 0),
      processes,
      processPeak: Math.max(processes, before?.processPeak ?? 0),
    };
  }

  #observeWorkspace({ totalBytes, largestFileBytes }: WorkspaceMeasure): void {
    if (this.#ended || this.#breached) return;
    this.#watches.get('workspaceBytes')?.observe(totalBytes);
    this.#watches.get('fileSizeBytes')?.observe(largestFileBytes);
  }

  /** The first breach is the one that ends the task: what it uses while it dies is not held against any limit. */
  #breach({ limit, status, capacity, observed }: Breach): void {
    if (this.#breached) return;
    this.#breached = true;
    this.#options.registry.warnLimitExhausted({ limit, observed, capacity, scope: this.executionId });
    const source = this.#source(limit);
    this.#tell(() => this.#options.observer.onBreach({ limit, capacity, observed, ...source }, status));
  }

  /** A file that is too large is seen by sampling before the rlimit of its writer strikes, or after another's. */
  #source(limit: WatchedLimit): Pick<LimitEvidence, 'enforcedBy' | 'confidence'> {
    const enforcedBy = limit === 'timeoutMs' ? 'timer' : (this.target.enforcement?.[limit] ?? 'sampled');
    const isExact = enforcedBy !== 'rlimit' && enforcedBy !== 'sampled' && enforcedBy !== 'unavailable';
    return isExact ? { enforcedBy, confidence: 'measured' } : { enforcedBy: 'sampled', confidence: 'sampled' };
  }

  #tell(notify: () => void): void {
    try {
      notify();
    } catch (error) {
      this.#options.logger.error({ err: error, executionId: this.executionId }, 'an observer of the monitor failed');
    }
  }
}

/** What was counted, else what was sampled. */
function figure(counted: CgroupTotals[keyof CgroupTotals] | undefined, sampled?: number | null): number | null {
  const known = counted ?? sampled ?? null;
  return known === null ? null : Math.round(known);
}
