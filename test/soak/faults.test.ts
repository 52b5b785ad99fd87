import { expect, it } from 'vitest';
import { taskStatusSchema } from '../../protocol/index.js';
import { NOTHING } from '../hostile/support/remains.js';
import { faultsOf } from './faults.js';
import type { SoakRun } from './soak.js';
import { Tally } from './tally.js';

const REST = {
  openFiles: 20,
  processes: 1,
  activeResources: 3,
  gauges: 7,
  queued: 0,
  cgroups: 4,
  mounts: 0,
  workspaces: 0,
};

/** A soak of three tasks in which nothing was wrong, but for what is given. */
function runWith(more: Partial<SoakRun> = {}): SoakRun {
  const tally = new Tally();
  tally.count({ status: 'success', executionId: 'a' });
  tally.count({ status: 'cancelled', executionId: 'b' });
  tally.count({ status: 'cancelled', executionId: '' });
  tally.abandoned = 1;
  return {
    backend: 'process',
    samples: [],
    turns: {},
    surprises: [],
    tally,
    statistics: statistics({ success: 1, cancelled: 2 }),
    rest: { before: REST, after: REST },
    exit: {
      exitCode: 0,
      signal: null,
      stderrTail: '',
      step: 'shutdown',
      bye: { reason: 'shutdown drain', completed: 1, cancelled: 2, leaked: 0 },
    },
    remains: NOTHING,
    ...more,
  };
}

function statistics(counts: Partial<SoakRun['statistics']['byStatus']>): SoakRun['statistics'] {
  const zeros = Object.fromEntries(taskStatusSchema.options.map((status) => [status, 0]));
  const percentiles = { p50: null, p90: null, p99: null, max: null };
  return {
    completed: Object.values(counts).reduce((sum, count) => sum + count, 0),
    byStatus: { ...zeros, ...counts } as SoakRun['statistics']['byStatus'],
    cacheHits: 0,
    queuedMs: percentiles,
    runMs: percentiles,
    throughputPerMinute: 0,
    uptimeMs: 1,
  };
}

it('a soak in which nothing was wrong has no faults', () => {
  expect(faultsOf(runWith())).toEqual([]);
});

it.each<[what: string, run: SoakRun, faults: string[]]>([
  ['a surprise', runWith({ surprises: ['a flood: too short'] }), ['a flood: too short']],
  [
    'a task that has not ended',
    runWith({ statistics: statistics({ success: 1, cancelled: 1 }) }),
    ['3 tasks sent, 2 ended', '0 tasks ended unheard, 1 abandoned'],
  ],
  [
    'a task that ended otherwise than was said',
    runWith({ statistics: statistics({ failure: 1, cancelled: 2 }) }),
    ['1 answers with status success, 0 ended so'],
  ],
  [
    'descriptors that are kept',
    runWith({ rest: { before: REST, after: { ...REST, openFiles: 22, cgroups: 3 } } }),
    ['at rest openFiles is 22, and was 20 before'],
  ],
  [
    'an end that was not clean',
    runWith({ exit: { exitCode: null, signal: 'SIGKILL', stderrTail: '', step: 'SIGKILL', bye: undefined } }),
    ['the sidecar ended with SIGKILL by SIGKILL, and leaked undefined'],
  ],
  [
    'what is left',
    runWith({ remains: { ...NOTHING, cgroups: ['/sys/fs/cgroup/x'] } }),
    ['cgroups are left: /sys/fs/cgroup/x'],
  ],
])('%s is a fault', (_, run, faults) => {
  expect(faultsOf(run)).toEqual(faults);
});
