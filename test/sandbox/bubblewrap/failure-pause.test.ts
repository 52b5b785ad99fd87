import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FailurePause } from '../../../src/sandbox/bubblewrap/failure-pause.js';

describe('the pause after a failure', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('doubles with each that follows, up to a minute, and begins anew after a success', () => {
    const pause = new FailurePause();
    expect(pause.leftMs).toBe(0);
    const pauses = Array.from({ length: 8 }, () => {
      const isFirst = pause.failed();
      return [isFirst, pause.leftMs];
    });
    const lengths = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    expect(pauses).toEqual(lengths.map((ms, index) => [index === 0, ms]));
    pause.succeeded();
    expect([pause.failed(), pause.leftMs]).toEqual([true, 1_000]);
  });

  it('ends by itself, and can be had without a failure', () => {
    const pause = new FailurePause();
    pause.rest();
    expect(pause.leftMs).toBe(1_000);
    vi.advanceTimersByTime(1_000);
    expect(pause.leftMs).toBe(0);
    expect(pause.failed()).toBe(true);
  });
});
