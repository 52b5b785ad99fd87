import { describe, expect, it } from 'vitest';
import { Random } from './random.js';

describe('the random numbers', () => {
  it('are the same for the same seed, and others for another', () => {
    const numbers = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    expect(numbers(1)).toEqual(numbers(1));
    expect(numbers(1)).not.toEqual(numbers(2));
  });

  it('reach both ends of a range of integers, and nothing beyond', () => {
    const random = new Random(3);
    const seen = new Set(Array.from({ length: 1_000 }, () => random.integer(-2, 2)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });

  it('choose by weight, and never what has none', () => {
    const random = new Random(4);
    const items = [{ weight: 9 }, { weight: 0 }, { weight: 1 }];
    const counts = items.map(() => 0);
    for (let turn = 0; turn < 10_000; turn += 1) counts[items.indexOf(random.weighted(items))]! += 1;
    expect(counts[0]! / 10_000).toBeCloseTo(0.9, 1);
    expect(counts[1]).toBe(0);
  });
});
