import type { EffectiveLimits } from '../../../protocol/index.js';
import type { FileWrite } from './group-setup.js';
import type { CgroupFeature } from './support.js';

/** What is written to one file of a new group, named within it. */
export interface LimitWrite extends Omit<FileWrite, 'path'> {
  readonly file: string;
}

/** The limits of a task that cgroups enforce. */
export type CgroupLimits = Pick<EffectiveLimits, 'memoryBytes' | 'processes' | 'cpuPercent'>;

/**
 * What makes a new group of a hierarchy hold a task's limits, in order.
 *
 * - Memory counts everything the members cause: heaps, page cache, files in tmpfs, shared mappings, kernel memory. None
 *   of it may be swapped out, where the kernel can say so.
 * - The kernel counts threads, not processes. `helperTasks` is added to `processes` for what the sandbox itself runs
 *   inside the group.
 * - The CPU rate holds per period of 100 ms: a task may run at full speed until its share of the period is used up.
 */
export function limitWrites(
  version: 1 | 2,
  features: ReadonlySet<CgroupFeature>,
  limits: CgroupLimits,
  helperTasks: number,
): LimitWrite[] {
  const writes: LimitWrite[] = [];
  if (features.has('memory')) writes.push(...memoryWrites(version, limits.memoryBytes));
  if (features.has('pids'))
    writes.push({ file: 'pids.max', value: tasks(limits.processes + helperTasks), tolerated: [] });
  if (features.has('cpu') && limits.cpuPercent !== null) writes.push(cpuWrite(version, limits.cpuPercent));
  return writes;
}

function memoryWrites(version: 1 | 2, bytes: number): LimitWrite[] {
  if (version === 2) {
    return [
      { file: 'memory.max', value: `${bytes}`, tolerated: [] },
      // Missing where the kernel does not account for swap; `memory.oom.group` is there from Linux 4.19 on.
      { file: 'memory.swap.max', value: '0', tolerated: ['ENOENT'] },
      { file: 'memory.oom.group', value: '1', tolerated: ['ENOENT'] },
    ];
  }
  return [
    { file: 'memory.limit_in_bytes', value: `${bytes}`, tolerated: [] },
    // Memory and swap together, so it must not come before the limit of memory alone, which it must not fall below.
    { file: 'memory.memsw.limit_in_bytes', value: `${bytes}`, tolerated: ['ENOENT'] },
    { file: 'memory.swappiness', value: '0', tolerated: ['ENOENT', 'EINVAL'] },
  ];
}

/** Beyond what the machine can have, the kernel takes only `max`. */
function tasks(count: number): string {
  return count > KERNEL_MAX_TASKS ? 'max' : `${count}`;
}

/** PID_MAX_LIMIT of 64-bit kernels. */
const KERNEL_MAX_TASKS = 4_194_304;

function cpuWrite(version: 1 | 2, percent: number): LimitWrite {
  const quota = Math.min(percent, MAX_CPU_PERCENT) * (CPU_PERIOD_US / 100);
  if (version === 2) return { file: 'cpu.max', value: `${quota} ${CPU_PERIOD_US}`, tolerated: [] };
  // A rate above the cap of a group further up is refused; that lower cap then holds by itself.
  return { file: 'cpu.cfs_quota_us', value: `${quota}`, tolerated: ['EINVAL'] };
}

/** The kernel's default period, in µs; its smallest quota of 1 ms is then 1 percent. */
const CPU_PERIOD_US = 100_000;

/** Ten thousand cores: what is above is no cap, and could exceed what the kernel can represent. */
const MAX_CPU_PERCENT = 1_000_000;
