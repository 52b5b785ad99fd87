import type { EffectiveLimits, ResourceUsage } from '../../protocol/index.js';
import type { CgroupTotals } from '../sandbox/cgroup/index.js';
import type { Logger, QueueRegistry } from '../tracking/index.js';
import { MonitorError } from './errors.js';
import { machineMemoryBytes } from './machine-memory.js';
import { MonitorHandle } from './monitor-handle.js';
import type { MonitorObserver, MonitorTarget } from './monitor-target.js';
import { OpenFilesWatch } from './open-files-watch.js';
import { TaskSampler } from './task-sampler.js';
import type { UsageSampler } from './usage-sampler.js';

export interface ResourceMonitorOptions {
  /** How often tasks are sampled while no limit of theirs is near, in ms; 100 where it is left out. */
  readonly intervalMs?: number;
  /** Whether CPU time, memory, processes and workspace are sampled. Wall time is always watched. */
  readonly enabled: boolean;
  readonly registry: QueueRegistry;
  readonly logger: Logger;
  /** Where the figures come from; the kernel's accounting and pidusage where it is left out. */
  readonly sampler?: UsageSampler;
}

const DEFAULT_INTERVAL_MS = 100;
const TOGETHER_MS = 5;

/**
 * Watches the limits of running tasks: warns near them, and tells whoever runs the task when one is exceeded. One
 * timer samples the tasks that are due; it runs only while there are some, and never twice at once.
 */
export class ResourceMonitor {
  /** The sidecar's own open files: counted whenever a task is started, sampled or over. */
  readonly openFiles: OpenFilesWatch;
  readonly #options: ResourceMonitorOptions;
  readonly #sampler: UsageSampler;
  readonly #handles = new Map<string, MonitorHandle>();
  readonly #stopping = new WeakMap<MonitorHandle, Promise<ResourceUsage>>();
  #timer: { readonly handle: NodeJS.Timeout; readonly dueAt: number } | null = null;
  #sampling: Promise<void> | null = null;
  #closed = false;

  constructor(options: ResourceMonitorOptions) {
    this.#options = options;
    this.openFiles = new OpenFilesWatch(options.registry);
    this.#sampler = options.sampler ?? new TaskSampler();
  }

  /** The tasks that are monitored now, by execution id. */
  get activeMonitors(): ReadonlyMap<string, MonitorHandle> {
    return this.#handles;
  }

  /**
   * Watches a task from now on: this is when its wall time begins.
   * @throws MonitorError where a task of that id is monitored already, or the monitor is closed
   */
  startMonitoring(target: MonitorTarget, limits: EffectiveLimits, observer: MonitorObserver): MonitorHandle {
    if (this.#closed) throw new MonitorError('closed', 'the monitor is closed');
    if (this.#handles.has(target.executionId)) {
      throw new MonitorError('already_monitored', `task ${target.executionId} is monitored already`);
    }
    const { registry, logger, enabled, intervalMs = DEFAULT_INTERVAL_MS } = this.#options;
    const handle = new MonitorHandle({ target, limits, observer, registry, logger, sampled: enabled, intervalMs });
    if (enabled) void handle.watchMemory(() => void this.#sample([handle]));
    this.#handles.set(handle.executionId, handle);
    this.openFiles.look();
    this.#schedule();
    return handle;
  }

  /**
   * Stops watching a task and resolves with what it has used. A last look is taken, at what is still alive or what the
   * kernel has counted, and at the workspace, and may still find a limit exceeded. Idempotent.
   */
  stopMonitoring(handle: MonitorHandle): Promise<ResourceUsage> {
    const stopping = this.#stopping.get(handle) ?? this.#stop(handle);
    this.#stopping.set(handle, stopping);
    return stopping;
  }

  /** Whether this machine can meet the limits of a task at all. */
  canAcceptTask(limits: EffectiveLimits): { readonly ok: true } | { readonly ok: false; readonly message: string } {
    if (this.#closed) return { ok: false, message: 'the monitor is closed' };
    const memoryBytes = machineMemoryBytes();
    if (limits.memoryBytes <= memoryBytes) return { ok: true };
    const message = `limits.memoryBytes: ${limits.memoryBytes} is more than the ${memoryBytes} bytes that this machine has`;
    return { ok: false, message };
  }

  /** Stops watching all tasks, without last samples. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const handle of this.#handles.values()) this.#release(handle);
    this.openFiles[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #stop(handle: MonitorHandle): Promise<ResourceUsage> {
    const counted = (await handle.target.accounting?.totals()) ?? null;
    if (this.#options.enabled && this.#handles.has(handle.executionId)) {
      await this.#sampling;
      // Where the kernel counts, its figures are final, and say all that a last sample could.
      await (isFinal(counted) ? handle.observeEvents() : this.#sample([handle]));
    }
    const usage = await handle.finish(counted);
    this.#release(handle);
    return usage;
  }

  #release(handle: MonitorHandle): void {
    handle[Symbol.dispose]();
    this.#handles.delete(handle.executionId);
    this.openFiles.look();
    this.#sampler.forget(handle.executionId);
    this.#schedule();
  }

  /** The timer does not keep the process alive: the tasks do. One that is early enough is left as it is. */
  #schedule(): void {
    if (this.#handles.size === 0) this.#stopTimer();
    if (!this.#options.enabled || this.#handles.size === 0 || this.#sampling !== null) return;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const handle of this.#handles.values()) dueAt = Math.min(dueAt, handle.dueAt);
    if (this.#timer !== null && this.#timer.dueAt <= dueAt) return;
    this.#stopTimer();
    const handle = setTimeout(() => this.#tick(), Math.max(1, dueAt - performance.now())).unref();
    this.#timer = { handle, dueAt };
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer.handle);
    this.#timer = null;
  }

  /** Those that are nearly due are sampled along, so that one scan of the processes serves all. */
  #tick(): void {
    this.#timer = null;
    this.openFiles.look();
    const soon = performance.now() + TOGETHER_MS;
    const due = Array.from(this.#handles.values()).filter(({ dueAt }) => dueAt <= soon);
    for (const handle of due) handle.tickWorkspace(this.#handles.size);
    this.#sampling ??= this.#sample(due).finally(() => {
      this.#sampling = null;
      this.#schedule();
    });
  }

  async #sample(handles: readonly MonitorHandle[]): Promise<void> {
    try {
      for (const handle of handles) handle.sampling();
      const samples = await this.#sampler.sample(handles.map(({ target }) => target));
      // What is sampled after the kernel has struck is no recovery: the strike has to be known by then.
      await Promise.all(handles.map((handle) => handle.observeEvents()));
      for (const handle of handles) {
        const sample = samples.get(handle.executionId);
        if (sample !== undefined) handle.observe(sample);
      }
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the processes could not be sampled');
    }
  }
}

function isFinal(counted: CgroupTotals | null): boolean {
  return counted !== null && counted.cpuMs !== null && counted.memoryPeakBytes !== null && counted.processPeak !== null;
}
