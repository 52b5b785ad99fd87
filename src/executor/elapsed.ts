/** Whole milliseconds from one `performance.now()` to another, never below 0. */
export function elapsed(since: number, now = performance.now()): number {
  return Math.max(0, Math.round(now - since));
}
