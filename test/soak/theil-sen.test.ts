import { describe, expect, it } from 'vitest';
import { Random } from '../support/random.js';
import { inBlocks, median, theilSen } from './theil-sen.js';

/** So many points at x = 0, 1, 2, … */
const series = (count: number, at: (x: number) => number) => Array.from({ length: count }, (_, x) => ({ x, y: at(x) }));

/** About normally distributed, with a standard deviation of 1. */
const noise = (random: Random) => Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b) - 6;

describe('the slope', () => {
  it('of a line is that of the line, and certain', () => {
    expect(theilSen(series(30, (x) => 3 + 2 * x))).toEqual({ estimate: 2, low: 2, high: 2 });
  });

  it('of a constant is zero, and certain', () => {
    expect(theilSen(series(30, () => 7))).toEqual({ estimate: 0, low: 0, high: 0 });
  });

  it('is not bent by outliers', () => {
    const bent = series(30, (x) => (x % 10 === 9 ? 1_000_000 : x));
    const { estimate, low, high } = theilSen(bent);
    expect(estimate).toBeCloseTo(1, 5);
    expect(low).toBeLessThanOrEqual(1);
    expect(high).toBeGreaterThanOrEqual(1);
  });

  it('of few points has no bounds', () => {
    const { estimate, low, high } = theilSen(series(3, (x) => x));
    expect(estimate).toBe(1);
    expect([low, high]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it.each([[], series(1, () => 1), [series(1, () => 1)[0]!, series(1, () => 2)[0]!]])(
    'needs points at two different x',
    (...points) => {
      expect(() => theilSen(points)).toThrow(RangeError);
    },
  );

  it.each([-0.5, 0, 0.2, 3])('of a noisy line of %d is within its bounds 99 times of 100', (slope) => {
    const random = new Random(1);
    const runs = 400;
    let missed = 0;
    for (let run = 0; run < runs; run += 1) {
      const { low, high } = theilSen(series(24, (x) => slope * x + 5 * noise(random)));
      if (slope < low || slope > high) missed += 1;
    }
    expect(missed / runs).toBeLessThan(0.03);
  });

  it('of noise on a line that is steep enough is told from zero', () => {
    const random = new Random(2);
    for (let run = 0; run < 100; run += 1) {
      expect(theilSen(series(24, (x) => x + 2 * noise(random))).low).toBeGreaterThan(0);
    }
  });
});

describe('blocks', () => {
  it('become what is made of their points, at the mean of their times', () => {
    const points = series(9, (x) => (x === 4 ? 100 : x));
    expect(inBlocks(points, 2, median)).toEqual([
      { x: 1.5, y: 1.5 },
      { x: 6, y: 7 },
    ]);
    expect(inBlocks(points, 2, ([least]) => least!)).toEqual([
      { x: 1.5, y: 0 },
      { x: 6, y: 5 },
    ]);
  });

  it('take away what swings within them, and leave the slope', () => {
    const sawtooth = series(480, (x) => 0.5 * x + 300 * ((x % 7) / 7));
    const { estimate, low, high } = theilSen(inBlocks(sawtooth, 24, median));
    expect(estimate).toBeCloseTo(0.5, 0);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeLessThan(1);
  });

  it('without points are left out', () => {
    const gap = [...series(10, () => 1), { x: 100, y: 2 }];
    expect(inBlocks(gap, 10, median).map(({ y }) => y)).toEqual([1, 2]);
  });
});

it('the median of an even number lies between the two in the middle', () => {
  expect([median([1]), median([1, 3]), median([1, 2, 9])]).toEqual([1, 2, 2]);
});
