import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SamplingPace } from '../../src/monitor/sampling-pace.js';

const MIB = 1_048_576;
const LIMIT = 256 * MIB;
const BASE_MS = 100;

/** Samples memory as the pace asks for, until it is no longer allowed. Gives what was observed each time. */
function samplesOf(memoryAt: (ms: number) => number, untilMs: number, limit = LIMIT): number[] {
  const pace = new SamplingPace(limit, BASE_MS);
  const seen: number[] = [];
  for (let now = 0; now < untilMs; now += pace.delayMs) {
    seen.push(memoryAt(now));
    pace.observe(memoryAt(now), now);
  }
  return seen;
}

describe('the pace of sampling', () => {
  it('begins fast, and doubles its pauses up to the base interval while memory is far from its limit', () => {
    const pace = new SamplingPace(LIMIT, BASE_MS);
    const delays = Array.from({ length: 7 }, (_, index) => {
      const { delayMs } = pace;
      pace.observe(MIB, index * BASE_MS);
      return delayMs;
    });
    expect(delays).toEqual([10, 20, 40, 80, 100, 100, 100]);
  });

  it('is as fast as can be from half of the limit on, and slow again when memory falls', () => {
    const pace = new SamplingPace(LIMIT, BASE_MS);
    pace.observe(MIB, 0);
    pace.observe(LIMIT / 2, 1_000);
    expect(pace.delayMs).toBe(10);
    pace.observe(LIMIT / 2, 1_010);
    expect(pace.delayMs).toBe(10);
    for (let now = 1_020; now < 2_000; now += 100) pace.observe(MIB, now);
    expect(pace.delayMs).toBe(BASE_MS);
  });

  it.each([50, 100, 200, 400, 800])(
    'looks between the warning and the limit where memory grows by %i MiB/s',
    (rate) => {
      const seen = samplesOf((ms) => (rate * MIB * ms) / 1_000, 10_000);
      expect(seen.filter((bytes) => bytes >= 0.8 * LIMIT && bytes < LIMIT)).not.toEqual([]);
    },
  );

  it('looks again within half the time that growth leaves, when growth sets in late', () => {
    const pace = new SamplingPace(LIMIT, BASE_MS);
    for (let now = 0; now <= 1_000; now += 100) pace.observe(0, now);
    expect(pace.delayMs).toBe(BASE_MS);
    pace.observe(0.4 * LIMIT, 1_100);
    expect(pace.delayMs).toBeLessThanOrEqual(50);
  });

  it('is not misled by two samples of one moment, nor by a clock that stands still', () => {
    const pace = new SamplingPace(LIMIT, BASE_MS);
    for (const bytes of [0, 0.4 * LIMIT, 0.1 * LIMIT]) pace.observe(bytes, 5);
    expect(pace.delayMs).toBe(80);
  });

  it('never leaves its bounds, whatever memory does', () => {
    const bytes = fc.array(fc.integer({ min: 0, max: 2 * LIMIT }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 10, max: 1_000 }), (samples, baseMs) => {
        const pace = new SamplingPace(LIMIT, baseMs);
        let now = 0;
        for (const sample of samples) {
          now += pace.delayMs;
          pace.observe(sample, now);
          expect(pace.delayMs).toBeGreaterThanOrEqual(10);
          expect(pace.delayMs).toBeLessThanOrEqual(baseMs);
        }
      }),
    );
  });
});
