import type { RoundOptions, Sample } from '../line.js';

/**
 * Does something over and over, so many at once, for so long as the round's amount says, in ms.
 * @returns `rate`: how often a second, and `p50Ms`: how long one took
 */
export async function lanes(
  count: number,
  { amount, signal }: RoundOptions,
  act: () => Promise<unknown>,
): Promise<Sample> {
  const took: number[] = [];
  const begun = performance.now();
  const end = begun + amount;
  const lane = async () => {
    for (let now = performance.now(); now < end && !signal.aborted; ) {
      await act();
      const done = performance.now();
      took.push(done - now);
      now = done;
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  const elapsedMs = performance.now() - begun;
  return { rate: (1_000 * took.length) / elapsedMs, p50Ms: middle(took) };
}

function middle(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)]!;
}
