import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillPercent } from '../../src/tracking/index.js';

describe('fillPercent', () => {
  it.each([
    [0, 10, 0],
    [7, 10, 70],
    [8, 10, 80],
    [79, 99, 79],
    [10, 10, 100],
    [15, 10, 150],
    [2, 3, 66],
  ])('rounds down: %i of %i is %i %', (depth, capacity, percent) => {
    expect(fillPercent(depth, capacity)).toBe(percent);
  });

  it('is 0 where there is no capacity', () => {
    expect(fillPercent(1_000, 0)).toBe(0);
  });

  it('is not rounded up where the exact figure lies a hair below a percent', () => {
    const capacity = Number.MAX_SAFE_INTEGER - 1;
    expect(fillPercent((capacity / 10) * 8 - 1, capacity)).toBe(79);
    expect(fillPercent(capacity, capacity)).toBe(100);
    expect(fillPercent(capacity - 1, capacity)).toBe(99);
  });

  it('ends at the largest integer that can be counted', () => {
    expect(fillPercent(Number.MAX_SAFE_INTEGER, 1)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('is exact for all integers', () => {
    const anyInteger = fc.oneof(fc.maxSafeNat(), fc.nat());
    fc.assert(
      fc.property(anyInteger, anyInteger, (depth, capacity) => {
        fc.pre(capacity > 0);
        const exact = (BigInt(depth) * 100n) / BigInt(capacity);
        const ceiling = BigInt(Number.MAX_SAFE_INTEGER);
        expect(BigInt(fillPercent(depth, capacity))).toBe(exact < ceiling ? exact : ceiling);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is exact next to each percent of a large capacity', () => {
    const largeCapacity = fc.integer({ min: 2 ** 46, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(largeCapacity, fc.nat(100), fc.constantFrom(-1n, 0n, 1n), (capacity, percent, offset) => {
        const depth = (BigInt(capacity) * BigInt(percent)) / 100n + offset;
        fc.pre(depth >= 0n && depth <= Number.MAX_SAFE_INTEGER);
        expect(BigInt(fillPercent(Number(depth), capacity))).toBe((depth * 100n) / BigInt(capacity));
      }),
      { numRuns: 2_000 },
    );
  });
});
