import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { descendantsOf } from '../../support/processes.js';
import { OURS, sidecarContestant } from '../contestant.js';
import type { Line, RoundOptions, Sample } from '../line.js';
import { killed } from '../peers/echo-child.js';
import { assertProcFigures, cpuMs, residentMiB } from '../process-figures.js';

/** What a process does when it has just started is over by then. */
const SETTLE_MS = 2_000;

/** Amounts are in ms. CPU time is that of the whole tree, memory that of the one process. */
export const idle: Line = {
  name: 'idle',
  what: 'idle for a minute',
  figures: { cpuPercent: '%', residentMiB: 'MiB' },
  contestants: [
    sidecarContestant({ name: OURS }, (sidecar, options) => watch(sidecar.pid, options)),
    {
      name: 'bare node',
      async open() {
        const child = spawn(process.execPath, ['-e', 'setInterval(()=>{},1e6)'], { stdio: 'ignore' });
        return {
          round: (options) => watch(child.pid!, options),
          [Symbol.asyncDispose]: () => killed(child),
        };
      },
    },
  ],
  goals: [
    { figure: 'cpuPercent', atMost: 0.2 },
    { figure: 'residentMiB', against: 'bare node', atMost: 1.5 },
  ],
  amount: { full: 60_000, quick: 500 },
  rounds: { full: 1, quick: 1 },
  warmUpRounds: { full: 0, quick: 0 },
  isConcurrent: true,
};

async function watch(pid: number, { amount, signal }: RoundOptions): Promise<Sample> {
  assertProcFigures();
  await sleep(Math.min(SETTLE_MS, amount), undefined, { signal });
  const tree = [pid, ...descendantsOf(pid)];
  const used = () => tree.reduce((sum, one) => sum + cpuMs(one), 0);
  const before = used();
  const begun = performance.now();
  await sleep(amount, undefined, { signal });
  const cpuPercent = (100 * (used() - before)) / (performance.now() - begun);
  return { cpuPercent, residentMiB: residentMiB(pid) };
}
