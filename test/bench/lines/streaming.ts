import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Sidecar } from 'exec-sidecar';
import { sidecarContestant, simpleContestant } from '../contestant.js';
import type { Line, Sample } from '../line.js';
import { withGrowth } from '../loads/memory-growth.js';

const BLOCK = '64k';
const BLOCKS_PER_MIB = 16;
const MIB = 1_048_576;
/** More than any machine needs. */
const LIMIT_MS = 300_000;

/** Amounts are in MiB. */
export const streaming: Line = {
  name: 'streaming',
  what: '2 GiB streamed from one task',
  figures: { throughput: 'MiB per second', hostGrowthMiB: 'MiB', sidecarGrowthMiB: 'MiB' },
  contestants: [
    sidecarContestant({}, (sidecar, { amount }) => readTask(sidecar, amount, 'output')),
    simpleContestant('direct read', ({ amount }) => readDirectly(amount)),
    sidecarContestant({ name: 'sidecar, lent chunks' }, (sidecar, { amount }) =>
      readTask(sidecar, amount, 'lentOutput'),
    ),
    simpleContestant('bare pipe', ({ amount }) => throughPipe(amount)),
  ],
  goals: [
    { figure: 'throughput', against: 'direct read', atLeast: 0.6 },
    { figure: 'hostGrowthMiB', atMost: 32 },
    { figure: 'sidecarGrowthMiB', atMost: 32 },
  ],
  amount: { full: 2_048, quick: 32 },
  rounds: { full: 3, quick: 2 },
  // Memory grows when something is done for the first time, so the first round counts.
  warmUpRounds: { full: 0, quick: 0 },
};

function readTask(sidecar: Sidecar, mebibytes: number, output: 'output' | 'lentOutput'): Promise<Sample> {
  const pids = { hostGrowthMiB: process.pid, sidecarGrowthMiB: sidecar.pid };
  return withGrowth(pids, () =>
    timed(mebibytes, async () => {
      const task = sidecar.submit({
        command: 'dd',
        args: ddArguments(mebibytes),
        output: { mode: 'stream' },
        limits: { outputBytes: 2 * mebibytes * MIB, timeoutMs: LIMIT_MS, cpuTimeMs: LIMIT_MS },
      });
      let bytes = 0;
      for await (const { stream, data } of task[output]) if (stream === 'stdout') bytes += data.byteLength;
      const { status, error } = await task.result;
      if (status !== 'success') throw new Error(`the stream ended with ${status}: ${error?.message}`);
      return bytes;
    }),
  );
}

function readDirectly(mebibytes: number): Promise<Sample> {
  return withGrowth({ hostGrowthMiB: process.pid }, () =>
    timed(mebibytes, async () => {
      const child = spawn('dd', ddArguments(mebibytes), { stdio: ['ignore', 'pipe', 'ignore'] });
      let bytes = 0;
      for await (const chunk of child.stdout) bytes += (chunk as Buffer).byteLength;
      return bytes;
    }),
  );
}

/** Two programs and a pipe, without Node. */
function throughPipe(mebibytes: number): Promise<Sample> {
  return timed(mebibytes, async () => {
    const script = `dd ${ddArguments(mebibytes).join(' ')} 2>/dev/null | cat >/dev/null`;
    const [exitCode] = await once(spawn('/bin/sh', ['-c', script], { stdio: 'ignore' }), 'exit');
    return exitCode === 0 ? mebibytes * MIB : 0;
  });
}

/** Zeros. */
function ddArguments(mebibytes: number): string[] {
  return ['if=/dev/zero', `bs=${BLOCK}`, `count=${mebibytes * BLOCKS_PER_MIB}`];
}

/** @param read gives the bytes that have come */
async function timed(mebibytes: number, read: () => Promise<number>): Promise<Sample> {
  const begun = performance.now();
  const bytes = await read();
  const elapsedMs = performance.now() - begun;
  if (bytes !== mebibytes * MIB) throw new Error(`${bytes} bytes came instead of ${mebibytes} MiB`);
  return { throughput: (1_000 * mebibytes) / elapsedMs };
}
