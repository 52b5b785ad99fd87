import { expect, it } from 'vitest';
import { EXECUTABLE } from '../end-to-end/support/executable.js';
import { NOTHING } from '../hostile/support/remains.js';
import { faultsOf } from './faults.js';
import { kinds } from './kinds/index.js';
import { formatReport, judge } from './report.js';
import { soak } from './soak.js';

const DURATION_MS = 12_000;

it('seconds of everything leave nothing behind, and every task has its one answer', { timeout: 120_000 }, async () => {
  const run = await soak({ executable: EXECUTABLE, backend: 'auto', durationMs: DURATION_MS, seed: 1 });
  expect(faultsOf(run)).toEqual([]);
  expect(run.remains).toEqual(NOTHING);
  expect(run.exit).toMatchObject({ exitCode: 0, bye: { leaked: 0 } });
  expect(Object.keys(run.turns).toSorted()).toEqual(kinds.map(({ name }) => name).toSorted());
  const unseen = Object.entries(run.statistics.byStatus).filter(([, count]) => count === 0);
  expect(unseen).toEqual([]);

  // So short a time says little about slopes, but they are all there.
  const text = formatReport(judge(run));
  expect(text).toMatch(/^ {2}rssBytes +[\d.]+ MiB .* (level|tolerated|rising|falling)$/m);
  expect(text).toContain(`${run.tally.sent} tasks sent, ${run.statistics.completed} ended`);
});
