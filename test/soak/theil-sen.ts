/** A measurement: what was seen (`y`) when (`x`). */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How much `y` grows for each unit of `x`: the estimate, and the bounds between which it lies. */
export interface Slope {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** 99 % of a normal distribution lie within so many standard deviations. */
const STANDARD_DEVIATIONS = 2.576;

/**
 * The slope of a line through the points that outliers do not bend (Theil–Sen): the median of the slopes between all
 * pairs. Its bounds have a confidence of 99 % (Sen, 1968) where the points are independent of each other; samples that
 * come quickly one after the other are not: see `inBlocks`.
 *
 * @param points at least two different `x`
 * @throws RangeError where there are fewer
 */
export function theilSen(points: readonly Point[]): Slope {
  const slopes = pairSlopes(points).sort((a, b) => a - b);
  if (slopes.length === 0) throw new RangeError('a slope needs points at two different x at least');
  const spread = STANDARD_DEVIATIONS * Math.sqrt(kendallVariance(points.map(({ y }) => y)));
  const low = Math.floor((slopes.length - spread) / 2) - 1;
  const high = Math.ceil((slopes.length + spread) / 2);
  return {
    estimate: median(slopes),
    low: low < 0 ? Number.NEGATIVE_INFINITY : slopes[low]!,
    high: high >= slopes.length ? Number.POSITIVE_INFINITY : slopes[high]!,
  };
}

/**
 * The points in so many blocks of equal length in `x`, each become one point: what `summarize` makes of its `y`, at the
 * mean of its `x`. What swings within a block is gone then, and what is left is nearly independent. Blocks without
 * points are left out.
 */
export function inBlocks(
  points: readonly Point[],
  blocks: number,
  summarize: (ascending: readonly number[]) => number,
): Point[] {
  const xs = points.map(({ x }) => x);
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const members = Array.from({ length: blocks }, (): Point[] => []);
  for (const point of points) {
    const index = Math.floor(((point.x - first) / (last - first)) * blocks);
    members[Math.min(blocks - 1, index)]?.push(point);
  }
  return members
    .filter((block) => block.length > 0)
    .map((block) => ({
      x: block.reduce((sum, { x }) => sum + x, 0) / block.length,
      y: summarize(block.map(({ y }) => y).sort((a, b) => a - b)),
    }));
}

/** The median of numbers in ascending order, of which there is one at least. */
export function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function pairSlopes(points: readonly Point[]): number[] {
  return points.flatMap((from, index) =>
    points.slice(index + 1).flatMap((to) => (to.x === from.x ? [] : [(to.y - from.y) / (to.x - from.x)])),
  );
}

/** The variance of Kendall's statistic, for which values that are equal count less. */
function kendallVariance(ys: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const y of ys) counts.set(y, (counts.get(y) ?? 0) + 1);
  const term = (n: number) => n * (n - 1) * (2 * n + 5);
  const ties = [...counts.values()].reduce((sum, count) => sum + term(count), 0);
  return (term(ys.length) - ties) / 18;
}
