/** How memory has gone over a run. */
export interface MemoryGrowth {
  readonly samples: number;
  /** The median of the second and of the last fifth of the samples, in bytes. */
  readonly before: number;
  readonly after: number;
  /** The least-squares slope over all samples but the first fifth, in bytes per sample. */
  readonly slope: number;
}

/** The beginning is left out: a process takes memory while it warms up, and keeps it. */
export function growthOf(samples: readonly number[]): MemoryGrowth {
  const fifth = Math.floor(samples.length / 5);
  return {
    samples: samples.length,
    before: median(samples.slice(fifth, 2 * fifth)),
    after: median(samples.slice(-fifth || samples.length)),
    slope: slopeOf(samples.slice(fifth)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function slopeOf(values: readonly number[]): number {
  const meanX = (values.length - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / values.length;
  let above = 0;
  let below = 0;
  for (const [x, y] of values.entries()) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
