import { describe, expect, it } from 'vitest';
import { WaitHistogram } from '../../src/tracking/wait-histogram.js';

function histogramOf(...waits: readonly number[]): WaitHistogram {
  const histogram = new WaitHistogram();
  for (const waitedMs of waits) histogram.record(waitedMs);
  return histogram;
}

describe('the percentiles of waits', () => {
  it('are nil while nothing has been counted', () => {
    expect(histogramOf().percentiles()).toEqual({ p50: null, p90: null, p99: null, max: null });
  });

  it('are what so many of a hundred waits came within, to one in a hundred', () => {
    const { p50, p90, p99, max } = histogramOf(
      ...Array.from({ length: 1_000 }, (_, index) => (index + 1) * 10),
    ).percentiles();
    for (const [told, exact] of [
      [p50, 5_000] as const,
      [p90, 9_000] as const,
      [p99, 9_900] as const,
      [max, 10_000] as const,
    ]) {
      expect(Math.abs(told! - exact) / exact).toBeLessThan(0.01);
    }
  });

  it('are 0 where everything went through in less than a millisecond', () => {
    expect(histogramOf(0, 0.0004, 0.9).percentiles()).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 });
  });

  it.each([-1, Number.NaN, Number.NEGATIVE_INFINITY])('count %d as no wait, and do not throw', (waitedMs) => {
    expect(histogramOf(waitedMs).percentiles()).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 });
  });

  it('count what is longer than an hour as an hour', () => {
    const { p50, max } = histogramOf(7_200_000, Number.POSITIVE_INFINITY).percentiles();
    for (const told of [p50!, max!]) expect(Math.abs(told - 3_600_000)).toBeLessThan(36_000);
  });
});
