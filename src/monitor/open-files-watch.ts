import { countOpenFiles, isExhaustion, openFilesForTasks } from '../sandbox/descriptor-room.js';
import type { QueueGauge, QueueRegistry } from '../tracking/index.js';

/** A look is some 0.1 ms: whoever asks for one sooner is served by the last. */
const SHORTEST_INTERVAL_MS = 20;

/**
 * Watches how many files the sidecar itself has open, pipes to tasks above all, against what the system allows it:
 * warns before tasks can no longer be started, and when one could not. Linux only; elsewhere it sees nothing.
 */
export class OpenFilesWatch implements Disposable {
  readonly #registry: QueueRegistry;
  readonly #gauge: QueueGauge | null;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(registry: QueueRegistry) {
    this.#registry = registry;
    const capacity = openFilesForTasks;
    this.#gauge = capacity === 0 ? null : registry.register({ limit: LIMIT, capacity });
  }

  /** Counts the open files. Cheap enough to be called for each task. */
  look(): void {
    const now = performance.now();
    if (this.#gauge === null || now - this.#lookedAt < SHORTEST_INTERVAL_MS) return;
    this.#lookedAt = now;
    const count = countOpenFiles();
    if (count !== null) this.#gauge.observeDepth(count);
  }

  /** A task could not be started: where that was for want of descriptors, the limit has struck. */
  noticeFailure(error: unknown): void {
    if (this.#gauge === null || !isExhaustion(error)) return;
    const { capacity } = this.#gauge;
    this.#registry.warnLimitExhausted({ limit: LIMIT, capacity, observed: Math.max(capacity, countOpenFiles() ?? 0) });
  }

  [Symbol.dispose](): void {
    this.#gauge?.close();
  }
}

const LIMIT = 'sidecarOpenFiles';
