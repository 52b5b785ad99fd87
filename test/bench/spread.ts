import { median } from '../soak/theil-sen.js';

/** How samples lie: in the middle, and from the least to the greatest. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Undefined where there are no samples. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const ascending = values.toSorted((a, b) => a - b);
  return { median: median(ascending), min: ascending[0]!, max: ascending.at(-1)! };
}
