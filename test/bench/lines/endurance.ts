import type { Sidecar } from 'exec-sidecar';
import { sidecarContestant } from '../contestant.js';
import type { Line, RoundOptions, Sample } from '../line.js';
import { runTask } from '../loads/run-task.js';
import { MemorySeries } from '../memory-series.js';
import { hasProcFigures } from '../process-figures.js';

const AT_ONCE = 8;
const COMMAND = '/bin/true';
const TENTH = 0.1;
/** Memory is looked at so often in the course of all tasks. */
const LOOKS = 400;

/** Amounts are in tasks. */
export const endurance: Line = {
  name: 'endurance',
  what: '100,000 tasks',
  figures: { rate: 'per second', lastToFirstTenth: 'ratio', sidecarLeakMiB: 'MiB', hostLeakMiB: 'MiB' },
  contestants: [sidecarContestant({ backend: 'process' }, runMany)],
  goals: [
    { figure: 'lastToFirstTenth', atLeast: 0.95 },
    { figure: 'sidecarLeakMiB', atMost: 0 },
    { figure: 'hostLeakMiB', atMost: 0 },
  ],
  amount: { full: 100_000, quick: 50 },
  rounds: { full: 1, quick: 1 },
  warmUpRounds: { full: 0, quick: 0 },
};

async function runMany(sidecar: Sidecar, { amount, signal }: RoundOptions): Promise<Sample> {
  const endedAt: number[] = [];
  const memory = { sidecar: new MemorySeries(sidecar.pid), host: new MemorySeries(process.pid) };
  const begun = performance.now();
  let started = 0;
  const lane = async () => {
    while (started < amount && !signal.aborted) {
      started += 1;
      await runTask(sidecar, COMMAND);
      const atMs = performance.now() - begun;
      endedAt.push(atMs);
      if (endedAt.length % Math.ceil(amount / LOOKS) === 0)
        for (const series of Object.values(memory)) series.look(atMs);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return {
    rate: (1_000 * endedAt.length) / endedAt.at(-1)!,
    lastToFirstTenth: tenthMs(endedAt, 0) / tenthMs(endedAt, 1 - TENTH),
    ...(hasProcFigures() && { sidecarLeakMiB: memory.sidecar.leakMiB(), hostLeakMiB: memory.host.leakMiB() }),
  };
}

/** How long the tenth of the tasks took that begins at this share of them. */
function tenthMs(endedAt: readonly number[], share: number): number {
  const from = Math.round(share * endedAt.length);
  const to = Math.round((share + TENTH) * endedAt.length) - 1;
  return endedAt[to]! - endedAt[from]!;
}
