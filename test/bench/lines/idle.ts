import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { descendantsOf } from '../../support/processes.js';
import { sidecarContestant } from '../contestant.js';
import { type Contestant, type Line, NotMeasuredError, type RoundOptions, type Sample } from '../line.js';
import { killed } from '../peers/child.js';
import { cpuMs, hasProcFigures, residentMiB } from '../process-figures.js';

/** What a process does when it has just started is over by then. */
const SETTLE_MS = 2_000;

/**
 * Amounts are in ms. CPU time is that of the process and all below it, and so is `treeResidentMiB`, which counts what
 * they share more than once.
 */
export const idle: Line = {
  name: 'idle',
  what: 'idle for a minute',
  figures: { cpuPercent: '%', residentMiB: 'MiB', treeResidentMiB: 'MiB' },
  contestants: [sidecarContestant({}, (sidecar, options) => watch(sidecar.pid, options)), bareNode()].map(onLinux),
  goals: [
    { figure: 'cpuPercent', atMost: 0.2 },
    { figure: 'residentMiB', against: 'bare node', atMost: 1.5 },
  ],
  amount: { full: 60_000, quick: 500 },
  rounds: { full: 1, quick: 1 },
  warmUpRounds: { full: 0, quick: 0 },
  isConcurrent: true,
};

function bareNode(): Contestant {
  return {
    name: 'bare node',
    async open() {
      const child = spawn(process.execPath, ['-e', 'setInterval(()=>{},1e6)'], { stdio: 'ignore' });
      return { round: (options) => watch(child.pid!, options), [Symbol.asyncDispose]: () => killed(child) };
    },
  };
}

function onLinux({ name, open }: Contestant): Contestant {
  return {
    name,
    async open() {
      if (hasProcFigures()) return open();
      throw new NotMeasuredError('memory and CPU time of a process are read from /proc, which only Linux has');
    },
  };
}

async function watch(pid: number, { amount, signal }: RoundOptions): Promise<Sample> {
  await sleep(Math.min(SETTLE_MS, amount), undefined, { signal });
  const tree = [pid, ...descendantsOf(pid)];
  const sumOf = (figure: (pid: number) => number) => tree.reduce((sum, one) => sum + figure(one), 0);
  const before = sumOf(cpuMs);
  const begun = performance.now();
  await sleep(amount, undefined, { signal });
  const cpuPercent = (100 * (sumOf(cpuMs) - before)) / (performance.now() - begun);
  return { cpuPercent, residentMiB: residentMiB(pid), treeResidentMiB: sumOf(residentMiB) };
}
