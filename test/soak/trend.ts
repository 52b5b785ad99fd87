import { inBlocks, median, type Point, type Slope, theilSen } from './theil-sen.js';

/** What is measured over and over, and by how much it may drift by chance. */
export interface Series {
  readonly name: string;
  readonly unit: 'bytes' | 'items';
  /** By time in minutes. */
  readonly points: readonly Point[];
}

/**
 * `level`: the slope cannot be told from zero. `tolerated`: it can, but the drift over the whole time is within the
 * tolerance. `falling`: it can, and is no leak. `rising`: a leak.
 */
export type Verdict = 'level' | 'tolerated' | 'falling' | 'rising';

/** Where a series is going. */
export interface Trend {
  readonly name: string;
  readonly unit: Series['unit'];
  readonly median: number;
  readonly slopePerMinute: Slope;
  /** The estimated slope over the whole time. */
  readonly drift: number;
  readonly tolerance: number;
  readonly verdict: Verdict;
}

/** A drift of so much is tolerated, or of so much of the median where that is more. */
const TOLERANCES = { bytes: 2 * 1_048_576, items: 1 } as const;
const RELATIVE_TOLERANCE = 0.02;

/** So many blocks make the slope of a series: enough for a narrow interval, each long enough to be independent. */
const BLOCKS = 16;

/** What a block comes to. Of memory it is the least: what is held, with the least garbage on top of it. */
const SUMMARIES = { bytes: (ascending: readonly number[]) => ascending[0]!, items: median } as const;

/** @param series at least two points at different times */
export function trendOf({ name, unit, points }: Series): Trend {
  const slopePerMinute = theilSen(inBlocks(points, BLOCKS, SUMMARIES[unit]));
  const times = points.map(({ x }) => x);
  const drift = slopePerMinute.estimate * (Math.max(...times) - Math.min(...times));
  const middle = median(points.map(({ y }) => y).sort((a, b) => a - b));
  const tolerance = Math.max(TOLERANCES[unit], RELATIVE_TOLERANCE * middle);
  return {
    name,
    unit,
    median: middle,
    slopePerMinute,
    drift,
    tolerance,
    verdict: verdictOn(slopePerMinute, drift, tolerance),
  };
}

function verdictOn({ low, high }: Slope, drift: number, tolerance: number): Verdict {
  if (low <= 0 && high >= 0) return 'level';
  if (Math.abs(drift) <= tolerance) return 'tolerated';
  return drift < 0 ? 'falling' : 'rising';
}
