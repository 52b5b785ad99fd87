import { expect, it } from 'vitest';
import type { Comparison } from './judge.js';
import { formatTable } from './table.js';

const alone = { peer: undefined, goal: undefined, verdict: undefined };

const comparisons: Comparison[] = [
  {
    ...{ line: 'pings', figure: 'rate', unit: 'per second', ours: { median: 123_456.7, min: 100_000, max: 200_000 } },
    peer: {
      name: 'fork',
      theirs: { median: 50_000, min: 50_000, max: 50_000 },
      ratio: { median: 2.469, min: 2, max: 4 },
    },
    ...{ goal: { figure: 'rate', against: 'fork', atLeast: 0.8 }, verdict: 'met' },
  },
  {
    ...{ line: 'stream', figure: 'growthMiB', unit: 'MiB', ours: { median: 33.33, min: 0, max: 40 } },
    ...{ peer: undefined, goal: { figure: 'growthMiB', atMost: 32 }, verdict: 'missed' },
  },
  { ...alone, line: 'idle', figure: 'cpu', unit: '%', ours: { median: 0.01234, min: 0.01234, max: 0.01234 } },
  { ...alone, line: 'idle', figure: 'startMs', unit: 'ms', ours: undefined },
];

it('a table has medians and bounds, in columns, and marks what was missed', () => {
  expect(formatTable(comparisons).split('\n')).toEqual(
    [
      'line    figure     sidecar                      against  peer      ratio               goal      ',
      'pings   rate       123,457/s (100,000–200,000)  fork     50,000/s  2.47 × (2.00–4.00)  ≥ 0.8 ×   met',
      'stream  growthMiB  33.3 MiB (0–40.0)                                                   ≤ 32 MiB  missed',
      'idle    cpu        0.0123 %',
      'idle    startMs    –',
    ].map((line) => line.trimEnd()),
  );
});
