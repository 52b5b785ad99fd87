import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessEntry } from './process-entry.js';
import { type ProcessTable, processTable } from './process-table.js';
import type { ProcessTree } from './process-tree.js';

export interface KillTreeOptions {
  /** How long to go on trying, in ms. */
  readonly deadlineMs?: number;
  readonly table?: ProcessTable;
}

const KILL_DEADLINE_MS = 5_000;
const LONGEST_PAUSE_MS = 50;

/**
 * Kills every process of the tree and resolves with the number that is still alive after the deadline (a process in
 * an uninterruptible wait, or of another user): 0 where all are gone. Processes that wait to be reaped count as gone.
 *
 * All are stopped before any is killed, until a scan finds nobody new: what is stopped cannot fork, so that a fork
 * bomb does not outrun the scans, and no member can react to the death of another.
 * @throws where the processes could not be read until the deadline
 */
export async function killTree(tree: ProcessTree, options: KillTreeOptions = {}): Promise<number> {
  const { deadlineMs = KILL_DEADLINE_MS, table = processTable } = options;
  const deadline = performance.now() + deadlineMs;
  const stopped = new Set<string>();
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const alive = await stopAll(tree, table, stopped, deadline);
      if (alive.length === 0 || performance.now() >= deadline) return alive.length;
      signalAll(tree, alive, 'SIGKILL');
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await sleep(pauseMs);
  }
}

/** Stops all members until a scan finds none that runs. Resolves with those that are alive. */
async function stopAll(
  tree: ProcessTree,
  table: ProcessTable,
  stopped: Set<string>,
  deadline: number,
): Promise<readonly ProcessEntry[]> {
  for (;;) {
    const alive = await tree.alive(await table.scan(0));
    const running = alive.filter((entry) => !stopped.has(identityOf(entry)));
    if (running.length === 0 || performance.now() >= deadline) return alive;
    signalAll(tree, running, 'SIGSTOP');
    for (const entry of running) stopped.add(identityOf(entry));
  }
}

/** Groups first: the kernel signals all of a group at once, and no fork of theirs slips in between. */
function signalAll(tree: ProcessTree, members: readonly ProcessEntry[], signal: NodeJS.Signals): void {
  const groups = new Set(members.map(({ pgid }) => pgid).filter((pgid) => pgid > 1 && tree.ownsGroup(pgid)));
  for (const pgid of groups) sendSignal(-pgid, signal);
  for (const { pid, pgid } of members) if (!groups.has(pgid)) sendSignal(pid, signal);
}

/** Sends a signal to a process, or to the group of a negative pid. False where nobody was there to receive it. */
export function sendSignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}

function identityOf({ pid, startTime }: ProcessEntry): string {
  return `${pid}:${startTime}`;
}
