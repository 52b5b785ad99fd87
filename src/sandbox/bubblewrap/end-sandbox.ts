import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskCgroup } from '../cgroup/index.js';
import type { CommandExit } from '../command-exit.js';
import { sendSignal } from '../kill-tree.js';
import { isDead, type ProcessIdentity } from '../process-entry.js';
import { readProcess } from '../process-reader.js';
import { within } from '../within.js';
import type { LiveSandbox } from './live-sandbox.js';

const KILL_DEADLINE_MS = 5_000;
const LONGEST_PAUSE_MS = 50;

/**
 * Kills all that is in a sandbox, and what holds it from outside. Resolves with the number of processes that would not die.
 * The kernel kills all of a pid namespace with its first process, and that one is not dead before all of them are: then
 * nobody is left, which the removal of the cgroups shows as well. Else the kernel is asked who is.
 */
export async function endSandbox({ init, outside, ended: end }: LiveSandbox, cgroup: TaskCgroup): Promise<number> {
  if (isAlive(init)) sendSignal(init.pid, 'SIGKILL');
  const deadline = performance.now() + KILL_DEADLINE_MS;
  const ended = await within<CommandExit | null>(end, KILL_DEADLINE_MS, () => null);
  if (ended?.leftNobody) return 0;
  if (ended === null) sendSignal(outside.pid, 'SIGKILL');
  for (let pauseMs = 1; isAlive(init) && performance.now() < deadline; pauseMs *= 2) {
    await sleep(Math.min(pauseMs, LONGEST_PAUSE_MS));
  }
  if (ended !== null && !isAlive(init)) return 0;
  const left = await cgroup.kill();
  return Math.max(left.length, isAlive(init) ? 1 : 0);
}

/** Whether a process is still there, and the same. One that waits to be reaped is not. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  const entry = readProcess(pid);
  return entry !== null && entry.startTime === startTime && !isDead(entry);
}
