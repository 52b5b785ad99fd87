import { describe, expect, it } from 'vitest';
import type { TaskResult } from '../../protocol/index.js';
import { ResultCollector } from '../../src/executor/result-collector.js';
import { successfulResult } from './support/tasks.js';

const MEBIBYTE = 1_048_576;

function collectorOf(count: number, bytes = MEBIBYTE): ResultCollector {
  return new ResultCollector({ count, bytes });
}

function withOutput(bytes: number): TaskResult {
  return successfulResult({ stdout: new Uint8Array(bytes) });
}

describe('the result collector', () => {
  it('returns a result by its execution id', () => {
    const collector = collectorOf(10);
    const result = successfulResult();
    collector.collectResult('a', result);
    expect(collector.lookup('a')).toBe(result);
    expect(collector.lookup('b')).toBeUndefined();
  });

  it('forgets the least recently used result when there are too many', () => {
    const collector = collectorOf(2);
    collector.collectResult('a', successfulResult());
    collector.collectResult('b', successfulResult());
    collector.lookup('a');
    collector.collectResult('c', successfulResult());
    expect(['a', 'b', 'c'].filter((id) => collector.lookup(id) !== undefined)).toEqual(['a', 'c']);
  });

  it('forgets results when they hold too many bytes, files and record included', () => {
    const collector = collectorOf(1_000, 4_000);
    collector.collectResult('a', withOutput(1_000));
    collector.collectResult('b', successfulResult({ files: [{ path: 'f', data: new Uint8Array(1_000) }] }));
    expect(collector.lookup('a')).toBeUndefined();
    expect(collector.lookup('b')).toBeDefined();
  });

  it('counts a result that is larger than the whole bound and does not keep it', () => {
    const collector = collectorOf(10, 4_096);
    collector.collectResult('small', withOutput(10));
    collector.collectResult('huge', withOutput(5_000));
    expect(collector.lookup('huge')).toBeUndefined();
    expect(collector.lookup('small')).toBeDefined();
    expect(collector.statistics().completed).toBe(2);
  });
});

describe('the cache for equal tasks', () => {
  it('keeps a complete success', () => {
    const collector = collectorOf(10);
    const result = successfulResult();
    expect(collector.storeInCache('key', result)).toBe(true);
    expect(collector.cached('key')).toBe(result);
  });

  it.each<[string, Partial<TaskResult>]>([
    ['a failure', { status: 'failure', exitCode: 1 }],
    ['a timeout', { status: 'timeout' }],
    ['a cancelled task', { status: 'cancelled' }],
    ['a task that never ran', { status: 'notExecuted' }],
    ['cut stdout', { truncated: { stdout: true, stderr: false } }],
    ['cut stderr', { truncated: { stdout: false, stderr: true } }],
    ['files left out', { filesOmitted: [{ path: 'a', reason: 'too large' }] }],
  ])('does not keep %s', (_what, overrides) => {
    const collector = collectorOf(10);
    expect(collector.storeInCache('key', successfulResult(overrides))).toBe(false);
    expect(collector.cached('key')).toBeUndefined();
  });

  it('is apart from the results by execution id', () => {
    const collector = collectorOf(10);
    collector.storeInCache('key', successfulResult());
    expect(collector.lookup('key')).toBeUndefined();
    expect(collector.statistics().completed).toBe(0);
  });
});
