import type { TaskResult } from '../../protocol/index.js';
import { aborted } from './abort-signals.js';
import { cacheKey } from './cache-key.js';
import { elapsed } from './elapsed.js';
import type { ResultCollector } from './result-collector.js';
import type { TaskHandle } from './task-handle.js';

/** Answers `cache: true` tasks from earlier equal ones. Of concurrent equals one runs and the others wait for it. */
export class ResultCache {
  readonly #collector: ResultCollector;
  readonly #policy: string;
  readonly #running = new Map<string, Promise<void>>();

  /** @param policy stands for the sandbox; results of another policy are never used */
  constructor(collector: ResultCollector, policy: string) {
    this.#collector = collector;
    this.#policy = policy;
  }

  /** The result of an equal task where there is one, else what `execute` gives, kept where it may be. */
  async resolve(handle: TaskHandle, execute: () => Promise<TaskResult>): Promise<TaskResult> {
    const key = cacheKey(handle.validated, this.#policy);
    for (let leader = this.#running.get(key); leader !== undefined; leader = this.#running.get(key)) {
      await Promise.race([leader, aborted(handle.termination.signal)]);
      if (handle.termination.cause !== null) return execute();
    }
    const known = this.#collector.cached(key);
    if (known !== undefined) return answerFromCache(handle, known);
    return this.#lead(key, execute);
  }

  async #lead(key: string, execute: () => Promise<TaskResult>): Promise<TaskResult> {
    const { promise, resolve } = withResolvers();
    this.#running.set(key, promise);
    try {
      const result = await execute();
      this.#collector.storeInCache(key, result);
      return result;
    } finally {
      this.#running.delete(key);
      resolve();
    }
  }
}

function answerFromCache(handle: TaskHandle, known: TaskResult): TaskResult {
  const { executionId, task } = handle.validated;
  const queuedMs = elapsed(handle.enqueuedAt);
  handle.listener.onStarted({ queuedMs });
  const { label: _otherLabel, ...shared } = known;
  return {
    ...shared,
    executionId,
    ...(task.label === undefined ? {} : { label: task.label }),
    cached: true,
    timing: { queuedMs, setupMs: 0, runMs: 0, stalledMs: 0, collectMs: 0 },
  };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
