import type { RecordableHistogram } from 'node:perf_hooks';
import type { Percentiles } from '../../protocol/index.js';

/** The longest wait that is told apart from longer ones, in µs: an hour. A histogram counts nothing above its range. */
const LONGEST_US = 3_600_000_000;

/** A histogram counts whole µs from 1. */
const SHORTEST_US = 1;

/** Two significant digits: percentiles are true to one in a hundred, in some 20 KiB of memory whatever is counted. */
const FIGURES = 2;

/** How long what has left a queue had been in it, since the queue was made. Recording costs some 20 ns. */
export class WaitHistogram {
  /** Made with the first wait: most gauges never have one. What makes it is loaded then, since no start needs it. */
  #histogram: RecordableHistogram | null = null;

  /** Counts one wait, in ms. What is no number counts as none; an hour is the longest that is told. */
  record(waitedMs: number): void {
    this.#histogram ??= process
      .getBuiltinModule('node:perf_hooks')
      .createHistogram({ lowest: SHORTEST_US, highest: LONGEST_US, figures: FIGURES });
    const waitedUs = Math.floor(waitedMs * 1_000);
    this.#histogram.record(waitedUs >= SHORTEST_US ? Math.min(waitedUs, LONGEST_US) : SHORTEST_US);
  }

  /** In whole ms, nil where nothing has been counted. */
  percentiles(): Percentiles {
    const histogram = this.#histogram;
    if (histogram === null) return { p50: null, p90: null, p99: null, max: null };
    const wholeMs = (us: number) => Math.floor(us / 1_000);
    return {
      p50: wholeMs(histogram.percentile(50)),
      p90: wholeMs(histogram.percentile(90)),
      p99: wholeMs(histogram.percentile(99)),
      max: wholeMs(histogram.max),
    };
  }
}
