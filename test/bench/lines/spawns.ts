import { execa } from 'execa';
import { sidecarContestant, simpleContestant } from '../contestant.js';
import type { Contestant, Line } from '../line.js';
import { lanes } from '../loads/lanes.js';
import { withLoopDelay } from '../loads/loop-delay.js';
import { runTask } from '../loads/run-task.js';
import { runByChildProcess, runUnread } from '../peers/child-process.js';
import { posixSpawn } from '../peers/posix-spawn.js';

const AT_ONCE = 8;
const COMMAND = '/bin/true';

/** Amounts are in ms. */
export const spawns: Line = {
  name: 'spawns',
  what: `${COMMAND}, ${AT_ONCE} at once, process backend`,
  figures: { rate: 'per second', loopDelayP99Ms: 'ms' },
  contestants: [
    sidecarContestant({ backend: 'process' }, (sidecar, options) =>
      withLoopDelay(() => lanes(AT_ONCE, options, () => runTask(sidecar, COMMAND))),
    ),
    inHost('child_process', () => runByChildProcess(COMMAND)),
    inHost('execa', () => execa(COMMAND)),
    inHost('child_process, unread', () => runUnread(COMMAND)),
    posixSpawn(AT_ONCE, COMMAND),
  ],
  goals: [
    { figure: 'rate', against: 'child_process', atLeast: 1 },
    { figure: 'rate', against: 'execa', atLeast: 1.5 },
    { figure: 'loopDelayP99Ms', against: 'execa', atMost: 0.2 },
  ],
  amount: { full: 1_000, quick: 100 },
  rounds: { full: 7, quick: 2 },
  warmUpRounds: { full: 4, quick: 1 },
};

/** Commands that the host runs itself, as it would without a sidecar. */
function inHost(name: string, act: () => Promise<unknown>): Contestant {
  return simpleContestant(name, (options) => withLoopDelay(() => lanes(AT_ONCE, options, act)));
}
