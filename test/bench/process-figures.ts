import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotMeasuredError } from './line.js';

const MIB = 1_048_576;

/** The resident memory of a process, in MiB, from /proc. */
export function residentMiB(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1_024;
}

/** The CPU time that a process and those that it has waited for have used, in ms, from /proc. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [waitedUser, waitedSystem] = fields.slice(13, 15).map((ticks) => Number(ticks) * TICK_MS);
  return threadsCpuMs(pid) + waitedUser! + waitedSystem!;
}

/** USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;

/** Of all threads, to the nanosecond: an idle process uses less than a tick in many seconds. */
function threadsCpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const used = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'latin1').split(' ')[0]);
  return used.reduce((sum, nanoseconds) => sum + Number(nanoseconds) / 1_000_000, 0);
}

/** @throws NotMeasuredError where there is no /proc of Linux */
export function assertProcFigures(): void {
  try {
    residentMiB(process.pid);
    cpuMs(process.pid);
  } catch {
    throw new NotMeasuredError('memory and CPU time of a process are read from /proc, which only Linux has');
  }
}

/** By how much resident memory of some processes rises above what it is now while something is done, in MiB. */
export async function withGrowth<Name extends string>(
  pids: Readonly<Record<Name, number>>,
  act: () => Promise<void>,
): Promise<Record<Name, number>> {
  const names = Object.keys(pids) as Name[];
  const before = names.map((name) => residentMiB(pids[name]));
  const peaks = [...before];
  const look = () => {
    for (const [index, name] of names.entries()) peaks[index] = Math.max(peaks[index]!, residentMiB(pids[name]));
  };
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      look();
      await sleep(LOOK_MS);
    }
  })();
  try {
    await act();
  } finally {
    isOver = true;
    await looking;
  }
  look();
  return Object.fromEntries(names.map((name, index) => [name, peaks[index]! - before[index]!])) as Record<Name, number>;
}

const LOOK_MS = 20;

/** Bytes as MiB. */
export function mebibytes(bytes: number): number {
  return bytes / MIB;
}
