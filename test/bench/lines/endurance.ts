import type { Sidecar } from 'exec-sidecar';
import { type Series, trendOf } from '../../soak/trend.js';
import { OURS, sidecarContestant } from '../contestant.js';
import type { Line, RoundOptions, Sample } from '../line.js';
import { runTask } from '../loads/run-task.js';
import { assertProcFigures, residentMiB } from '../process-figures.js';

const AT_ONCE = 8;
const COMMAND = '/bin/true';
/** Memory is looked at so often in the course of all tasks. */
const LOOKS = 400;
/** So long memory may rise: caches fill, code is compiled, heaps find their size. */
const WARM_UP_SHARE = 0.3;
const TENTH = 0.1;

/** Amounts are in tasks. */
export const endurance: Line = {
  name: 'endurance',
  what: '100,000 tasks',
  figures: { rate: 'per second', lastToFirstTenth: 'ratio', sidecarLeakMiB: 'MiB', hostLeakMiB: 'MiB' },
  contestants: [sidecarContestant({ name: OURS, config: { sandbox: 'process' } }, runMany)],
  goals: [
    { figure: 'lastToFirstTenth', atLeast: 0.95 },
    { figure: 'sidecarLeakMiB', atMost: 0 },
    { figure: 'hostLeakMiB', atMost: 0 },
  ],
  amount: { full: 100_000, quick: 200 },
  rounds: { full: 1, quick: 1 },
  warmUpRounds: { full: 0, quick: 0 },
};

/** Memory is a series by time, as a soak has it: a drift within what is tolerated there is none. */
async function runMany(sidecar: Sidecar, { amount, signal }: RoundOptions): Promise<Sample> {
  assertProcFigures();
  const endedAt: number[] = [];
  const looks: { x: number; sidecar: number; host: number }[] = [];
  const begun = performance.now();
  let started = 0;
  const lane = async () => {
    while (started < amount && !signal.aborted) {
      started += 1;
      await runTask(sidecar, COMMAND);
      endedAt.push(performance.now() - begun);
      if (endedAt.length % Math.ceil(amount / LOOKS) === 0) {
        const x = endedAt.at(-1)! / 60_000;
        looks.push({ x, sidecar: residentMiB(sidecar.pid) * MIB, host: residentMiB(process.pid) * MIB });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const warm = looks.slice(Math.floor(WARM_UP_SHARE * looks.length));
  const series = (name: 'sidecar' | 'host'): Series => ({
    name,
    unit: 'bytes',
    points: warm.map((look) => ({ x: look.x, y: look[name] })),
  });
  return {
    rate: (1_000 * endedAt.length) / endedAt.at(-1)!,
    lastToFirstTenth: tenthMs(endedAt, 0) / tenthMs(endedAt, 1 - TENTH),
    sidecarLeakMiB: leakMiB(series('sidecar')),
    hostLeakMiB: leakMiB(series('host')),
  };
}

const MIB = 1_048_576;

/** How long the tenth of the tasks took that begins at this share of them. */
function tenthMs(endedAt: readonly number[], share: number): number {
  const from = Math.round(share * endedAt.length);
  const to = Math.round((share + TENTH) * endedAt.length) - 1;
  return endedAt[to]! - endedAt[from]!;
}

function leakMiB(series: Series): number {
  const { verdict, drift } = trendOf(series);
  return verdict === 'rising' ? drift / MIB : 0;
}
