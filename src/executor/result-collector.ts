import { LRUCache } from 'lru-cache';
import type { ExecutionStatisticsSnapshot, TaskResult } from '../../protocol/index.js';
import { resultWeight } from './result-weight.js';
import { ExecutionStatistics } from './statistics.js';

/**
 * Keeps results retrievable by execution id, the most recently used ones within bounds of count and bytes, keeps
 * cacheable ones under the digest of their task, and counts everything.
 */
export class ResultCollector {
  readonly #results: LRUCache<string, TaskResult>;
  readonly #cache: LRUCache<string, TaskResult>;
  readonly #statistics = new ExecutionStatistics();

  /** @param bounds `count` results and `bytes` in all, for each of the two stores */
  constructor(bounds: { count: number; bytes: number }) {
    const options = { max: bounds.count, maxSize: bounds.bytes, sizeCalculation: resultWeight };
    this.#results = new LRUCache(options);
    this.#cache = new LRUCache(options);
  }

  /** Takes in the one result of an execution. A result larger than the whole bound is counted and not kept. */
  collectResult(executionId: string, result: TaskResult): void {
    this.#results.set(executionId, result);
    this.#statistics.updateWithResult(result);
  }

  /** The result of an execution, or undefined where it is unknown or has been forgotten. */
  lookup(executionId: string): TaskResult | undefined {
    return this.#results.get(executionId);
  }

  /** Keeps a result for equal tasks, where it may stand for them: complete, untruncated, exit code 0. */
  storeInCache(key: string, result: TaskResult): boolean {
    const { status, truncated, filesOmitted } = result;
    if (status !== 'success' || truncated.stdout || truncated.stderr || filesOmitted !== undefined) return false;
    this.#cache.set(key, result);
    return true;
  }

  /** The result of an equal task. */
  cached(key: string): TaskResult | undefined {
    return this.#cache.get(key);
  }

  statistics(): ExecutionStatisticsSnapshot {
    return this.#statistics.snapshot();
  }
}
