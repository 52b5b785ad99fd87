import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import {
  type ExecutionStatisticsSnapshot,
  type Percentiles,
  type TaskResult,
  type TaskStatus,
  taskStatusSchema,
} from '../../protocol/index.js';

const THROUGHPUT_WINDOW_S = 60;

/** Counts and times of everything that has been executed since the start. */
export class ExecutionStatistics {
  readonly #startedAt = performance.now();
  readonly #byStatus = new Map<TaskStatus, number>();
  readonly #queued = createHistogram();
  readonly #run = createHistogram();
  /** Results in each of the last 60 seconds: second → count. */
  readonly #perSecond = new Map<number, number>();
  #completed = 0;
  #cacheHits = 0;

  /** Counts one result. The times of tasks that never ran do not enter the percentiles. */
  updateWithResult(result: TaskResult): void {
    this.#completed += 1;
    if (result.cached) this.#cacheHits += 1;
    this.#byStatus.set(result.status, (this.#byStatus.get(result.status) ?? 0) + 1);
    if (result.usage.wallMs !== null && !result.cached) {
      recordMs(this.#queued, result.timing.queuedMs);
      recordMs(this.#run, result.timing.runMs);
    }
    const second = this.#second();
    this.#perSecond.set(second, (this.#perSecond.get(second) ?? 0) + 1);
    this.#forgetBefore(second - THROUGHPUT_WINDOW_S);
  }

  snapshot(): ExecutionStatisticsSnapshot {
    this.#forgetBefore(this.#second() - THROUGHPUT_WINDOW_S);
    const statuses = taskStatusSchema.options.map((status) => [status, this.#byStatus.get(status) ?? 0]);
    return {
      completed: this.#completed,
      byStatus: Object.fromEntries(statuses) as Record<TaskStatus, number>,
      cacheHits: this.#cacheHits,
      queuedMs: percentiles(this.#queued),
      runMs: percentiles(this.#run),
      throughputPerMinute: [...this.#perSecond.values()].reduce((sum, count) => sum + count, 0),
      uptimeMs: Math.round(performance.now() - this.#startedAt),
    };
  }

  #second(): number {
    return Math.floor(performance.now() / 1_000);
  }

  #forgetBefore(second: number): void {
    for (const known of this.#perSecond.keys()) {
      if (known > second) break;
      this.#perSecond.delete(known);
    }
  }
}

/** Histograms begin at 1, so what is recorded is the time in ms plus one. */
function recordMs(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.round(ms) + 1);
}

function percentiles(histogram: RecordableHistogram): Percentiles {
  if (histogram.count === 0) return { p50: null, p90: null, p99: null, max: null };
  const at = (percentile: number) => histogram.percentile(percentile) - 1;
  return { p50: at(50), p90: at(90), p99: at(99), max: histogram.max - 1 };
}
