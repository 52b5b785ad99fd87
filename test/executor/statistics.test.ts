import { afterEach, describe, expect, it, vi } from 'vitest';
import { answerSchemas, type TaskResult, taskStatusSchema, UNKNOWN_USAGE } from '../../protocol/index.js';
import { ExecutionStatistics } from '../../src/executor/statistics.js';
import { successfulResult } from './support/tasks.js';

afterEach(() => {
  vi.useRealTimers();
});

function timed(queuedMs: number, runMs: number): TaskResult {
  return successfulResult({ timing: { queuedMs, setupMs: 0, runMs, stalledMs: 0, collectMs: 0 } });
}

describe('the statistics', () => {
  it('know no percentiles before anything has run', () => {
    const { queuedMs, runMs, completed } = new ExecutionStatistics().snapshot();
    expect(completed).toBe(0);
    expect(queuedMs).toEqual({ p50: null, p90: null, p99: null, max: null });
    expect(runMs).toEqual(queuedMs);
  });

  it('name every status, those that never happened too', () => {
    const statistics = new ExecutionStatistics();
    statistics.updateWithResult(successfulResult());
    statistics.updateWithResult(successfulResult({ status: 'timeout' }));
    statistics.updateWithResult(successfulResult({ status: 'timeout' }));
    const { byStatus, completed } = statistics.snapshot();
    expect(Object.keys(byStatus).sort()).toEqual([...taskStatusSchema.options].sort());
    expect(byStatus).toMatchObject({ success: 1, timeout: 2, failure: 0 });
    expect(completed).toBe(3);
  });

  it('give percentiles of the times, the large ones rounded by less than a hundredth', () => {
    const statistics = new ExecutionStatistics();
    for (let at = 1; at <= 1_000; at += 1) statistics.updateWithResult(timed(at * 10, at));
    const { queuedMs, runMs } = statistics.snapshot();
    expect(runMs).toEqual({ p50: 500, p90: 900, p99: 990, max: 1_000 });
    expect(queuedMs.p50! / 5_000).toBeCloseTo(1, 2);
    expect(queuedMs.max! / 10_000).toBeCloseTo(1, 2);
  });

  it('take times of 0 ms as they are', () => {
    const statistics = new ExecutionStatistics();
    statistics.updateWithResult(timed(0, 0));
    expect(statistics.snapshot().runMs).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 });
  });

  it('leave tasks that never ran, and answers from the cache, out of the times', () => {
    const statistics = new ExecutionStatistics();
    statistics.updateWithResult(successfulResult({ status: 'notExecuted', usage: UNKNOWN_USAGE }));
    statistics.updateWithResult(successfulResult({ cached: true }));
    const { runMs, cacheHits, completed } = statistics.snapshot();
    expect(runMs.max).toBeNull();
    expect(cacheHits).toBe(1);
    expect(completed).toBe(2);
  });

  it('count the throughput of the last minute only', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const statistics = new ExecutionStatistics();
    statistics.updateWithResult(successfulResult());
    vi.advanceTimersByTime(30_000);
    statistics.updateWithResult(successfulResult());
    statistics.updateWithResult(successfulResult());
    expect(statistics.snapshot().throughputPerMinute).toBe(3);
    vi.advanceTimersByTime(31_000);
    expect(statistics.snapshot().throughputPerMinute).toBe(2);
    vi.advanceTimersByTime(60_000);
    expect(statistics.snapshot()).toMatchObject({ throughputPerMinute: 0, completed: 3, uptimeMs: 121_000 });
  });

  it('are an answer to the question for statistics', () => {
    const statistics = new ExecutionStatistics();
    statistics.updateWithResult(timed(3, 4));
    expect(answerSchemas.statistics.safeParse(statistics.snapshot()).error).toBeUndefined();
  });
});
