import type { CgroupEvents, CgroupTotals, CgroupUsage, CpuUsage, TaskCgroup } from './cgroup/index.js';

/** The kernel's figures of one task: those of its cgroup, without the share of the sandbox's own helpers. */
export class TaskAccounting {
  readonly #cgroup: TaskCgroup;
  readonly #helpers: number;
  readonly #before: CpuUsage | null;

  /**
   * @param helpers how many threads of the sandbox's own run in the group beside the task
   * @param before what the group had used before the task was let loose; null where nothing ran in it before
   */
  constructor(cgroup: TaskCgroup, helpers = 0, before: CpuUsage | null = null) {
    this.#cgroup = cgroup;
    this.#helpers = helpers;
    this.#before = before;
  }

  /** What the task has used so far, readable until its container is cleaned up. Never rejects. */
  async usage(): Promise<CgroupUsage> {
    const usage = this.#cgroup.usage();
    return { ...usage, ...this.#own(usage), processes: difference(usage.processes, this.#helpers) };
  }

  /** What the task has come to so far, for less: what it holds at the moment is not asked for. Never rejects. */
  async totals(): Promise<CgroupTotals> {
    const totals = this.#cgroup.totals();
    return { ...totals, ...this.#own(totals) };
  }

  /** How often limits took effect so far. Never rejects. */
  async events(): Promise<CgroupEvents> {
    return this.#cgroup.events();
  }

  /** Calls back when memory nears its limit, where the kernel tells: see `TaskCgroup.watchMemory`. */
  watchMemory(nudge: () => void): Promise<Disposable | null> {
    return this.#cgroup.watchMemory(nudge);
  }

  #own({ cpuMs, userMs, systemMs, processPeak }: CgroupTotals): CpuUsage & Pick<CgroupTotals, 'processPeak'> {
    return {
      cpuMs: difference(cpuMs, this.#before?.cpuMs),
      userMs: difference(userMs, this.#before?.userMs),
      systemMs: difference(systemMs, this.#before?.systemMs),
      processPeak: difference(processPeak, this.#helpers),
    };
  }
}

function difference(value: number | null, before: number | null | undefined): number | null {
  return value === null ? null : Math.max(0, value - (before ?? 0));
}
