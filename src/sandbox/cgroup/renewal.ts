import { availableParallelism } from 'node:os';
import { errorCode } from '../error-code.js';
import type { CgroupFiles } from './cgroup-files.js';
import { parseFlatKeyed, parseNumber } from './file-formats.js';
import type { LimitWrite } from './limit-writes.js';
import type { CgroupFeature } from './support.js';
import type { TaskGroup } from './task-group.js';

/**
 * Has a version 1 group that its task has left without a process begin anew, where it is then as good as one just made:
 * its counters stand at 0 or can be set to it, nothing in it was refused or killed, next to no memory is charged to it,
 * and there is no group below. Its limits are written again, since a program of root may have changed them.
 *
 * In version 2 peaks and counts of events cannot be set back, nor in version 1 the peak of processes: of the groups for
 * processes only that of a task with one thread begins anew.
 * @returns whether it has begun anew: where not, it is to be removed
 */
export function renewGroup(group: TaskGroup, files: CgroupFiles): boolean {
  if (group.version !== 1) return false;
  try {
    if (files.children(group.directory).length > 0) return false;
    for (const feature of group.features) {
      if (!AS_NEW[feature](group)) return false;
      const reset = RESETS[feature];
      if (reset !== undefined) group.write(reset, '0');
    }
    for (const write of group.writes) writeAgain(group, write);
    return true;
  } catch {
    return false;
  }
}

/** @throws the kernel's error, where it is not tolerated */
function writeAgain(group: TaskGroup, { file, value, tolerated }: LimitWrite): void {
  try {
    group.write(file, value);
  } catch (error) {
    if (!tolerated.includes(errorCode(error))) throw error;
  }
}

/** What of each feature cannot be set back has to be as it is in a new group. */
const AS_NEW: Readonly<Record<CgroupFeature, (group: TaskGroup) => boolean>> = {
  memory: (group) => {
    const usage = number(group, 'memory.usage_in_bytes');
    if (usage === null || usage > Math.min(MAX_RESIDUE_BYTES, limitOf(group) / RESIDUE_PART)) return false;
    if (number(group, 'memory.failcnt') !== 0) return false;
    // Missing where the kernel does not account for swap.
    if ((number(group, 'memory.memsw.failcnt') ?? 0) !== 0) return false;
    const control = parseFlatKeyed(group.read('memory.oom_control') ?? '');
    return control.get('oom_kill') === 0 && control.get('oom_kill_disable') === 0;
  },
  pids: (group) => {
    const peak = number(group, 'pids.peak');
    const events = parseFlatKeyed(group.read('pids.events') ?? '');
    return peak !== null && peak <= group.leastTasks && events.get('max') === 0;
  },
  // What is left of the quota of a period is not to be seen.
  cpu: (group) => group.read('cpu.cfs_quota_us')?.trim() === '-1',
  cpuTime: () => true,
  // A freezer may have been left frozen.
  kill: (group) => group.features.has('pids'),
  io: () => false,
};

/** A 0 written to these sets back what has been counted. */
const RESETS: Partial<Readonly<Record<CgroupFeature, string>>> = {
  memory: 'memory.max_usage_in_bytes',
  cpuTime: 'cpuacct.usage',
};

/**
 * So much may still be charged to a group: it is mostly what the kernel has reserved for it on each processor, as it does
 * for a new group at its first page, and gives back before it refuses anything.
 */
const MAX_RESIDUE_BYTES = 262_144 * (availableParallelism() + 1);

/** And no more than this part of the limit. */
const RESIDUE_PART = 256;

function limitOf({ writes }: TaskGroup): number {
  return Number(writes.find(({ file }) => file === 'memory.limit_in_bytes')?.value ?? 0);
}

function number(group: TaskGroup, file: string): number | null {
  const text = group.read(file);
  return text === null ? null : parseNumber(text);
}
