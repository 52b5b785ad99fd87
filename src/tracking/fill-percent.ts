/**
 * floor(depth × 100 / capacity), exact for all integers from 0 to 2^53 − 1, which is also the highest answer. 0 where
 * the capacity is 0: what has no bound has no fill.
 */
export function fillPercent(depth: number, capacity: number): number {
  if (capacity === 0) return 0;
  const hundredfold = depth * 100;
  // A quotient of two integers below 2^53 is never rounded up to the next integer, so its floor is exact.
  if (hundredfold <= Number.MAX_SAFE_INTEGER) return Math.floor(hundredfold / capacity);
  const exact = (BigInt(depth) * 100n) / BigInt(capacity);
  return Math.min(Number(exact), Number.MAX_SAFE_INTEGER);
}
