import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Stopwatch } from '../../src/executor/stopwatch.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the stopwatch', () => {
  it('adds up spans and leaves out the pauses between them', () => {
    const watch = new Stopwatch();
    {
      using _span = watch.span();
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(100);
    {
      using _span = watch.span();
      vi.advanceTimersByTime(5);
    }
    expect(watch.elapsedMs).toBe(15);
  });

  it('counts overlapping spans once', () => {
    const watch = new Stopwatch();
    const first = watch.span();
    vi.advanceTimersByTime(10);
    const second = watch.span();
    vi.advanceTimersByTime(10);
    first[Symbol.dispose]();
    expect(watch.running).toBe(true);
    vi.advanceTimersByTime(10);
    second[Symbol.dispose]();
    expect(watch.running).toBe(false);
    vi.advanceTimersByTime(10);
    expect(watch.elapsedMs).toBe(30);
  });

  it('counts a span that is still open', () => {
    const watch = new Stopwatch();
    using _span = watch.span();
    vi.advanceTimersByTime(7);
    expect(watch.elapsedMs).toBe(7);
  });

  it('has measured nothing at first', () => {
    expect(new Stopwatch().elapsedMs).toBe(0);
  });
});
