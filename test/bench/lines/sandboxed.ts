import { sidecarContestant } from '../contestant.js';
import type { Contestant, Line } from '../line.js';
import { lanes } from '../loads/lanes.js';
import { runTask } from '../loads/run-task.js';
import { coldBubblewrap } from '../peers/cold-bubblewrap.js';

const AT_ONCE = 8;
const COMMAND = '/bin/true';

/** Amounts are in ms. */
export const sandboxed: Line = {
  name: 'sandboxed',
  what: `${COMMAND} in bubblewrap and a cgroup, one by one`,
  figures: { p50Ms: 'ms' },
  contestants: contestants(1),
  goals: [{ figure: 'p50Ms', against: 'cold bubblewrap', atMost: 0.5 }],
  amount: { full: 1_000, quick: 100 },
  rounds: { full: 7, quick: 2 },
  warmUpRounds: { full: 4, quick: 1 },
};

/** Amounts are in ms. */
export const sandboxedSustained: Line = {
  name: 'sandboxed-sustained',
  what: `the same, ${AT_ONCE} at once`,
  figures: { rate: 'per second' },
  contestants: contestants(AT_ONCE),
  goals: [{ figure: 'rate', against: 'cold bubblewrap', atLeast: 1.3 }],
  amount: { full: 2_000, quick: 100 },
  rounds: { full: 7, quick: 2 },
  warmUpRounds: { full: 4, quick: 1 },
};

function contestants(atOnce: number): Contestant[] {
  return [
    sidecarContestant({ backend: 'bubblewrap' }, (sidecar, options) =>
      lanes(atOnce, options, () => runTask(sidecar, COMMAND)),
    ),
    coldBubblewrap(COMMAND, (run, options) => lanes(atOnce, options, run)),
  ];
}
