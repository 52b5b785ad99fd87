import { parseFlatKeyed, parseNumber, sumNestedKeyed } from './file-formats.js';
import type { CgroupFeature } from './support.js';
import type { TaskGroup } from './task-group.js';
import type { CgroupEvents, CgroupTotals, CgroupUsage, CpuUsage } from './usage.js';

/** Reads the counters of a task's groups. Each reading takes one system call per file. */
export class TaskCounters {
  readonly #groups: readonly TaskGroup[];

  constructor(groups: readonly TaskGroup[]) {
    this.#groups = groups;
  }

  usage(): CgroupUsage {
    return {
      ...this.totals(),
      memoryBytes: this.memoryBytes(),
      reclaimableBytes: this.#reclaimable(),
      processes: this.#number('pids', 'pids.current'),
    };
  }

  /** For about half of what `usage` costs. */
  totals(): CgroupTotals {
    const { cpuMs, userMs, systemMs } = this.cpu();
    const { ioReadBytes, ioWriteBytes } = this.#io();
    const memoryPeakBytes = this.#memoryPeak();
    const processPeak = this.#number('pids', 'pids.peak');
    return { cpuMs, userMs, systemMs, memoryPeakBytes, processPeak, ioReadBytes, ioWriteBytes };
  }

  cpu(): CpuUsage {
    if (this.#version('cpuTime') === 2) {
      const stat = this.#keyed('cpuTime', 'cpu.stat');
      const milliseconds = (key: string) => scaled(stat.get(key) ?? null, 1e3);
      return {
        cpuMs: milliseconds('usage_usec'),
        userMs: milliseconds('user_usec'),
        systemMs: milliseconds('system_usec'),
      };
    }
    const all = this.#number('cpuTime', 'cpuacct.usage');
    const user = this.#number('cpuTime', 'cpuacct.usage_user');
    return divideV1(scaled(all, 1e6), user, this.#number('cpuTime', 'cpuacct.usage_sys'));
  }

  /** Only what counts against the memory limit now: one system call. */
  memoryBytes(): number | null {
    return this.#number('memory', this.#version('memory') === 2 ? 'memory.current' : 'memory.usage_in_bytes');
  }

  events(memoryLimitBytes: number): CgroupEvents {
    return { ...this.#memoryEvents(memoryLimitBytes), processLimitHits: this.processLimitHits() };
  }

  /** Of the events only this one: one system call. */
  processLimitHits(): number | null {
    return this.#keyed('pids', 'pids.events').get('max') ?? null;
  }

  #reclaimable(): number | null {
    const stat = this.#keyed('memory', 'memory.stat');
    // Version 1 gives the figures of the group alone under the plain names, and those with the groups below as totals.
    const names =
      this.#version('memory') === 2
        ? ['inactive_file', 'active_file', 'slab_reclaimable']
        : ['total_inactive_file', 'total_active_file'];
    const parts = names.map((name) => stat.get(name));
    return parts.every((part) => part !== undefined) ? parts.reduce((sum, part) => sum + part, 0) : null;
  }

  #memoryPeak(): number | null {
    return this.#number('memory', this.#version('memory') === 2 ? 'memory.peak' : 'memory.max_usage_in_bytes');
  }

  #io(): Pick<CgroupUsage, 'ioReadBytes' | 'ioWriteBytes'> {
    const text = this.#read('io', 'io.stat');
    if (text === null) return { ioReadBytes: null, ioWriteBytes: null };
    const sums = sumNestedKeyed(text);
    return { ioReadBytes: sums.get('rbytes') ?? 0, ioWriteBytes: sums.get('wbytes') ?? 0 };
  }

  #memoryEvents(limitBytes: number): Omit<CgroupEvents, 'processLimitHits'> {
    if (this.#version('memory') === 2) {
      const events = this.#keyed('memory', 'memory.events');
      return { oomKills: events.get('oom_kill') ?? null, memoryLimitHits: events.get('max') ?? null };
    }
    const control = this.#keyed('memory', 'memory.oom_control');
    const failures = [this.#number('memory', 'memory.failcnt'), this.#number('memory', 'memory.memsw.failcnt')];
    const memoryLimitHits = hitsV1(failures, this.#memoryPeak(), limitBytes);
    return { oomKills: control.get('oom_kill') ?? null, memoryLimitHits };
  }

  #version(feature: CgroupFeature): 1 | 2 | null {
    return this.#group(feature)?.version ?? null;
  }

  #group(feature: CgroupFeature): TaskGroup | undefined {
    return this.#groups.find((group) => group.features.has(feature));
  }

  #number(feature: CgroupFeature, name: string): number | null {
    const text = this.#read(feature, name);
    return text === null ? null : parseNumber(text);
  }

  #keyed(feature: CgroupFeature, name: string): ReadonlyMap<string, number> {
    return parseFlatKeyed(this.#read(feature, name) ?? '');
  }

  #read(feature: CgroupFeature, name: string): string | null {
    return this.#group(feature)?.read(name) ?? null;
  }
}

function scaled(value: number | null, divisor: number): number | null {
  return value === null ? null : value / divisor;
}

/**
 * Version 1 counts the sum exactly but its parts by the tick, so that they do not add up, and are both 0 for a short
 * task. The sum is divided in their proportion, and is all user time without one: so does the kernel in version 2.
 */
function divideV1(cpuMs: number | null, user: number | null, system: number | null): CpuUsage {
  if (cpuMs === null || user === null || system === null) return { cpuMs, userMs: null, systemMs: null };
  const systemMs = system === 0 ? 0 : cpuMs * (system / (user + system));
  return { cpuMs, userMs: cpuMs - systemMs, systemMs };
}

/**
 * Where memory is limited with and without swap alike, recent version 1 kernels count no failure. The peak then tells
 * that there was one.
 */
function hitsV1(failures: readonly (number | null)[], peak: number | null, limitBytes: number): number | null {
  const counted = failures.filter((count) => count !== null);
  if (peak === null && counted.length === 0) return null;
  const reached = peak !== null && peak >= limitBytes - PEAK_TOLERANCE_BYTES ? 1 : 0;
  return Math.max(reached, ...counted);
}

/** The kernel rounds limits to pages of up to 64 KiB, and refuses several pages at once before the limit is full. */
const PEAK_TOLERANCE_BYTES = 65_536;
