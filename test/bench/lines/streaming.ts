import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Sidecar } from 'exec-sidecar';
import { OURS, sidecarContestant, simpleContestant } from '../contestant.js';
import type { Line, Sample } from '../line.js';
import { assertProcFigures, withGrowth } from '../process-figures.js';

const BLOCK = '64k';
const BLOCKS_PER_MIB = 16;

/** Amounts are in MiB. */
export const streaming: Line = {
  name: 'streaming',
  what: '2 GiB streamed from one task',
  figures: { throughput: 'MiB per second', hostGrowthMiB: 'MiB', sidecarGrowthMiB: 'MiB' },
  contestants: [
    sidecarContestant({ name: OURS }, (sidecar, { amount }) => readTask(sidecar, amount)),
    simpleContestant('direct read', ({ amount }) => readDirectly(amount)),
    simpleContestant('bare pipe', ({ amount }) => throughPipe(amount)),
  ],
  goals: [
    { figure: 'throughput', against: 'direct read', atLeast: 0.6 },
    { figure: 'hostGrowthMiB', atMost: 32 },
    { figure: 'sidecarGrowthMiB', atMost: 32 },
  ],
  amount: { full: 2_048, quick: 32 },
  rounds: { full: 5, quick: 2 },
  // Memory grows when something is done for the first time, so the first round counts.
  warmUpRounds: { full: 0, quick: 0 },
};

async function readTask(sidecar: Sidecar, mebibytes: number): Promise<Sample> {
  assertProcFigures();
  let sample: Sample = {};
  const growth = await withGrowth({ host: process.pid, sidecar: sidecar.pid }, async () => {
    sample = await timed(mebibytes, async () => {
      const task = sidecar.submit({
        command: 'dd',
        args: ddArguments(mebibytes),
        output: { mode: 'stream' },
        limits: { outputBytes: 2 * mebibytes * 1_048_576, timeoutMs: 300_000, cpuTimeMs: 300_000 },
      });
      let bytes = 0;
      for await (const { stream, data } of task) if (stream === 'stdout') bytes += data.byteLength;
      const { status, error } = await task.result;
      if (status !== 'success') throw new Error(`the stream ended with ${status}: ${error?.message}`);
      return bytes;
    });
  });
  return { ...sample, hostGrowthMiB: growth.host, sidecarGrowthMiB: growth.sidecar };
}

async function readDirectly(mebibytes: number): Promise<Sample> {
  let sample: Sample = {};
  const growth = await withGrowth({ host: process.pid }, async () => {
    sample = await timed(mebibytes, async () => {
      const child = spawn('dd', ddArguments(mebibytes), { stdio: ['ignore', 'pipe', 'ignore'] });
      let bytes = 0;
      for await (const chunk of child.stdout) bytes += (chunk as Buffer).byteLength;
      return bytes;
    });
  });
  return { ...sample, hostGrowthMiB: growth.host };
}

/** Two programs and a pipe, without Node. */
function throughPipe(mebibytes: number): Promise<Sample> {
  return timed(mebibytes, async () => {
    const script = `dd ${ddArguments(mebibytes).join(' ')} 2>/dev/null | cat >/dev/null`;
    const [exitCode] = await once(spawn('/bin/sh', ['-c', script], { stdio: 'ignore' }), 'exit');
    return exitCode === 0 ? mebibytes * 1_048_576 : 0;
  });
}

/** Not read by dd but made by it: zeros. */
function ddArguments(mebibytes: number): string[] {
  return ['if=/dev/zero', `bs=${BLOCK}`, `count=${mebibytes * BLOCKS_PER_MIB}`];
}

/** @param read gives the bytes that have come */
async function timed(mebibytes: number, read: () => Promise<number>): Promise<Sample> {
  const begun = performance.now();
  const bytes = await read();
  const elapsedMs = performance.now() - begun;
  if (bytes !== mebibytes * 1_048_576) throw new Error(`${bytes} bytes came instead of ${mebibytes} MiB`);
  return { throughput: (1_000 * mebibytes) / elapsedMs };
}
