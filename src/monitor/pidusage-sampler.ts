import pidusage from 'pidusage';
import type { ProcessEntry } from '../sandbox/process-entry.js';
import { processTable, SHARED_SCAN_MS } from '../sandbox/process-table.js';
import type { MonitorTarget } from './monitor-target.js';
import { type ProcessCpu, TreeCpu } from './tree-cpu.js';
import type { TreeSample, UsageSampler } from './usage-sampler.js';

/**
 * pidusage keeps the stat file of each process open until it was not asked for it so many ms; with 0 it would ask
 * itself for ever, and its `clear` forgets the files without closing them.
 */
const MAX_AGE_MS = 1_000;

type ProcessUsage = Readonly<Record<number, pidusage.Status | undefined>>;

/**
 * Samples process trees by one call of pidusage for all processes of all tasks. Memory is the sum of the resident
 * sets, in which pages that processes share count once for each: more than the tree holds, never less. CPU time is
 * that of the processes, by pidusage, and of the children that they have reaped, by /proc; a child that came and went
 * between two samples is in there, one that nobody of the tree has waited for is not.
 */
export class PidusageSampler implements UsageSampler {
  readonly #trees = new Map<string, TreeCpu>();

  async sample(targets: readonly MonitorTarget[]): Promise<ReadonlyMap<string, TreeSample>> {
    const members = await Promise.all(targets.map((target) => target.members().catch(() => [])));
    const pids = members.flat();
    if (pids.length === 0) return new Map();
    const [usage, { entries }] = await Promise.all([usageOf(pids), processTable.scan(SHARED_SCAN_MS)]);
    const samples = new Map<string, TreeSample>();
    for (const [index, { executionId }] of targets.entries()) {
      const alive = (members[index] ?? []).flatMap((pid) => entries.get(pid) ?? []);
      // They may all have ended since they were seen: a sample without any figure is none.
      if (alive.some(({ pid }) => usage[pid] !== undefined))
        samples.set(executionId, this.#sampleTree(executionId, alive, usage));
    }
    return samples;
  }

  forget(executionId: string): void {
    this.#trees.delete(executionId);
  }

  #sampleTree(executionId: string, alive: readonly ProcessEntry[], usage: ProcessUsage): TreeSample {
    const cpu = this.#trees.get(executionId) ?? new TreeCpu();
    this.#trees.set(executionId, cpu);
    const cpuMs = Math.round(cpu.update(cpuTimes(alive, usage)));
    const userMs = userPart(alive, cpuMs);
    return {
      processes: alive.length,
      memoryBytes: alive.reduce((sum, { pid }) => sum + (usage[pid]?.memory ?? 0), 0),
      cpuMs,
      userMs,
      systemMs: userMs === null ? null : cpuMs - userMs,
    };
  }
}

/** Empty where all of them are gone by now. */
async function usageOf(pids: readonly number[]): Promise<ProcessUsage> {
  return pidusage([...pids], { maxage: MAX_AGE_MS }).catch(() => ({}));
}

function cpuTimes(alive: readonly ProcessEntry[], usage: ProcessUsage): ProcessCpu[] {
  const keys = new Map(alive.map(({ pid, startTime }) => [pid, `${pid}:${startTime}`]));
  return alive.map(({ pid, ppid, times }) => ({
    key: keys.get(pid) ?? '',
    parent: keys.get(ppid) ?? null,
    ownMs: usage[pid]?.ctime ?? null,
    reapedMs: times === null ? 0 : times.reapedUserMs + times.reapedSystemMs,
  }));
}

/** pidusage does not tell user from system time: the sum is divided as the kernel's own counts of the tree are. */
function userPart(alive: readonly ProcessEntry[], cpuMs: number): number | null {
  let userMs = 0;
  let systemMs = 0;
  for (const { times } of alive) {
    if (times === null) return null;
    userMs += times.userMs + times.reapedUserMs;
    systemMs += times.systemMs + times.reapedSystemMs;
  }
  const sum = userMs + systemMs;
  return sum === 0 ? null : Math.round((cpuMs * userMs) / sum);
}
