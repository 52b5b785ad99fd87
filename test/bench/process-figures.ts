import { readdirSync, readFileSync } from 'node:fs';
import { statusBytes } from '../support/proc-status.js';

const MIB = 1_048_576;

/** The resident memory of a process, in MiB, from /proc. None where it is gone. */
export function residentMiB(pid: number): number {
  try {
    return (statusBytes(pid, 'VmRSS') || 0) / MIB;
  } catch {
    return 0;
  }
}

/**
 * The CPU time that a process and those that it has waited for have used, in ms, from /proc. None where it is gone: then
 * it is its parent that has waited for it.
 */
export function cpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = fields.slice(13, 15).map((ticks) => Number(ticks) * TICK_MS);
  return threadsCpuMs(pid) + user + system;
}

/** USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;

/** Of all threads, to the nanosecond: an idle process uses less than a tick in many seconds. */
function threadsCpuMs(pid: number): number {
  const used = threadsOf(pid).map((id) => read(`/proc/${pid}/task/${id}/schedstat`).split(' ')[0]);
  return used.reduce((sum, nanoseconds) => sum + Number(nanoseconds) / 1_000_000, 0);
}

/** Whether these figures can be had: only Linux has its /proc. */
export function hasProcFigures(): boolean {
  return residentMiB(process.pid) > 0 && cpuMs(process.pid) > 0;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
