import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setAlarm } from '../../src/monitor/alarm.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an alarm', () => {
  it('rings once, at its time and not before', () => {
    const rings: number[] = [];
    setAlarm(performance.now(), 500, (elapsedMs) => rings.push(elapsedMs));
    vi.advanceTimersByTime(499);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(10_000);
    expect(rings).toEqual([500]);
  });

  it('waits longer than a timer of Node can', () => {
    const days = 24 * 3_600_000;
    const rings: number[] = [];
    setAlarm(performance.now(), 60 * days, (elapsedMs) => rings.push(elapsedMs));
    vi.advanceTimersByTime(60 * days - 1);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rings).toEqual([60 * days]);
  });

  it('counts from the moment that it is given', () => {
    const since = performance.now();
    vi.advanceTimersByTime(300);
    const rings: number[] = [];
    setAlarm(since, 500, (elapsedMs) => rings.push(elapsedMs));
    vi.advanceTimersByTime(199);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rings).toEqual([500]);
  });

  it('does not ring once it is cancelled', () => {
    const ring = vi.fn();
    const cancel = setAlarm(performance.now(), 5_000_000_000, ring);
    vi.advanceTimersByTime(3_000_000_000);
    cancel();
    vi.advanceTimersByTime(9_000_000_000);
    expect(ring).not.toHaveBeenCalled();
  });
});
