import { dirname } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { outcomeOf, runSuite } from './suite.js';
import { formatTable, type Row } from './table.js';

const file = (status: string, ...tests: readonly [string, string][]) => ({
  name: '/test/some.test.ts',
  status,
  assertionResults: tests.map(([fullName, outcome]) => ({ fullName, status: outcome })),
});
const report = { numPassedTests: 2, numFailedTests: 1, numPendingTests: 3 };

describe('the outcome of a suite', () => {
  it('names the tests that failed', () => {
    const testResults = [file('passed', ['a', 'passed']), file('failed', ['b', 'passed'], ['c', 'failed'])];
    expect(outcomeOf({ ...report, testResults }, 1, 9)).toEqual({
      passed: 2,
      failed: 1,
      skipped: 3,
      seconds: 9,
      ok: false,
      failures: ['c'],
    });
  });

  it('names a file that could not be run at all', () => {
    expect(outcomeOf({ ...report, testResults: [file('failed')] }, 1, 9).failures).toEqual(['/test/some.test.ts']);
  });

  it('is bad where vitest finds something wrong beside the tests', () => {
    expect(outcomeOf({ ...report, testResults: [file('passed', ['a', 'passed'])] }, 1, 9).ok).toBe(false);
  });

  it('is bad where vitest could not even start', () => {
    expect(outcomeOf(null, 9, 1)).toMatchObject({ ok: false, failures: ['vitest ended with 9'] });
  });
});

it('the suite runs under the Node of a folder', { timeout: 120_000 }, async () => {
  expect(await runSuite(dirname(execPath), ['test/nodes/command-line.test.ts'])).toMatchObject({
    passed: 8,
    failed: 0,
    ok: true,
    failures: [],
  });
});

it('the table has a line for each Node, and says what failed and what was not tested', () => {
  const rows: Row[] = [
    { major: 20, version: 'v20.1.0', outcome: outcomeOf({ ...report, testResults: [] }, 0, 60) },
    { major: 22, version: 'v22.1.0', outcome: outcomeOf(null, 9, 1) },
    { major: 26, version: null, outcome: { unavailable: 'no such package' } },
  ];
  expect(formatTable(rows).split('\n')).toEqual([
    'node     passed  failed  skipped  seconds  verdict',
    'v20.1.0  2       1       3        60       passed',
    'v22.1.0  0       0       0        1        FAILED',
    'v26                                        NOT TESTED',
    '',
    'v22.1.0 fails:',
    '  vitest ended with 9',
    '',
    'Node 26 was NOT TESTED: no such package',
    '',
  ]);
});
