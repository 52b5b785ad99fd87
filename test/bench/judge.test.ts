import { describe, expect, it } from 'vitest';
import { judge } from './judge.js';
import type { Goal, Sample } from './line.js';
import { Diary, lineOf } from './support/lines.js';

const contestants = ['sidecar', 'peer'].map((name) => new Diary().contestant(name, async () => ({})));
const rates = (...values: number[]): Sample[] => values.map((rate) => ({ rate }));

function judged(goals: Goal[], samples: Readonly<Record<string, readonly Sample[]>>) {
  return judge(lineOf({ contestants, goals }), { samples, notMeasured: {} });
}

describe('a figure', () => {
  it('is set beside that of a peer, round by round', () => {
    const [comparison] = judged([], { sidecar: rates(10, 40, 30), peer: rates(10, 20, 10) });
    expect(comparison).toEqual({
      ...{ line: 'a line', figure: 'rate', unit: 'per second' },
      ours: { median: 30, min: 10, max: 40 },
      peer: { name: 'peer', theirs: { median: 10, min: 10, max: 20 }, ratio: { median: 2, min: 1, max: 3 } },
      ...{ goal: undefined, verdict: undefined },
    });
  });

  it('that no peer has stands alone', () => {
    const comparisons = judged([], { sidecar: rates(10) });
    expect(comparisons).toMatchObject([{ ours: { median: 10 }, peer: undefined, verdict: undefined }]);
  });

  it('is in no proportion to nothing', () => {
    const [comparison] = judged([], { sidecar: rates(1), peer: rates(0) });
    expect(comparison?.peer).toEqual({ name: 'peer', theirs: { median: 0, min: 0, max: 0 }, ratio: undefined });
  });
});

describe('a goal', () => {
  const atLeast: Goal = { figure: 'rate', against: 'peer', atLeast: 2 };
  const atMost: Goal = { figure: 'rate', against: 'peer', atMost: 2 };
  const alone: Goal = { figure: 'rate', atMost: 32 };

  it.each<[what: string, goal: Goal, ours: Sample[], peer: Sample[], verdict: string]>([
    ['at least a proportion, in the median', atLeast, rates(1, 20, 21), rates(10, 10, 10), 'met'],
    ['at least a proportion', atLeast, rates(1, 19, 21), rates(10, 10, 10), 'missed'],
    ['at most a proportion, in the median', atMost, rates(1, 20, 90), rates(10, 10, 10), 'met'],
    ['at most a proportion', atMost, rates(1, 21, 90), rates(10, 10, 10), 'missed'],
    ['that has nothing to be compared with', atMost, rates(1), [], 'not measured'],
    ['by itself, in the worst sample', alone, rates(1, 2, 32), [], 'met'],
    ['by itself', alone, rates(1, 2, 33), [], 'missed'],
    ['by itself, of what was not measured', alone, [], [], 'not measured'],
  ])('%s', (_, goal, ours, peer, verdict) => {
    const comparison = judged([goal], { sidecar: ours, peer }).find((candidate) => candidate.goal === goal);
    expect(comparison?.verdict).toBe(verdict);
  });
});
