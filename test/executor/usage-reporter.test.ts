import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UsageEvent } from '../../protocol/index.js';
import { UsageReporter } from '../../src/executor/usage-reporter.js';

const EMPTY: UsageEvent = {
  wallMs: null,
  cpuMs: null,
  userMs: null,
  systemMs: null,
  memoryBytes: null,
  memoryPeakBytes: null,
  processes: null,
  processPeak: null,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Offers a sample every `sampleMs` for `samples` times and answers which of them were reported. */
function reported(intervalMs: number | undefined, sampleMs: number, samples: number): number[] {
  const seen: number[] = [];
  const reporter = new UsageReporter(intervalMs, ({ wallMs }) => seen.push(wallMs!));
  for (let sample = 0; sample < samples; sample += 1) {
    reporter.offer({ ...EMPTY, wallMs: sample });
    vi.advanceTimersByTime(sampleMs);
  }
  return seen;
}

describe('the usage reporter', () => {
  it('reports nothing to a task that did not ask', () => {
    expect(reported(undefined, 100, 5)).toEqual([]);
  });

  it('reports the first sample and then one for each interval', () => {
    expect(reported(300, 100, 8)).toEqual([0, 3, 6]);
  });

  it('reports every sample where the interval is shorter than that of the samples', () => {
    expect(reported(1, 100, 4)).toEqual([0, 1, 2, 3]);
  });
});
