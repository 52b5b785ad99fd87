import type { Point } from '../soak/theil-sen.js';
import { trendOf } from '../soak/trend.js';
import { residentMiB } from './process-figures.js';

const MIB = 1_048_576;
const MINUTE_MS = 60_000;
/** So long memory may rise: caches fill, code is compiled, heaps find their size. */
const WARM_UP_SHARE = 0.3;

/** The resident memory of a process, over time. */
export class MemorySeries {
  readonly #pid: number;
  readonly #points: Point[] = [];

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** @param atMs since the beginning */
  look(atMs: number): void {
    this.#points.push({ x: atMs / MINUTE_MS, y: residentMiB(this.#pid) * MIB });
  }

  /**
   * By how much memory has risen after the warm-up, in MiB: 0 where that cannot be told from nothing, or is so little
   * that it is tolerated (see `trendOf`).
   * @throws RangeError where there were fewer than two looks after the warm-up
   */
  leakMiB(): number {
    const points = this.#points.slice(Math.floor(WARM_UP_SHARE * this.#points.length));
    const { verdict, drift } = trendOf({ name: `memory of ${this.#pid}`, unit: 'bytes', points });
    return verdict === 'rising' ? drift / MIB : 0;
  }
}
