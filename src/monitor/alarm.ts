/** The longest delay that Node's timers know: 2^31 − 1 ms, about 25 days. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Calls back once so many ms have passed since a moment of `performance.now()`: never early, and however long that
 * is. Returns what cancels it.
 */
export function setAlarm(since: number, delayMs: number, ring: (elapsedMs: number) => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = () => {
    const elapsedMs = performance.now() - since;
    const remainingMs = Math.ceil(delayMs - elapsedMs);
    if (remainingMs <= 0) ring(elapsedMs);
    else timer = setTimeout(wait, Math.min(remainingMs, LONGEST_TIMER_MS));
  };
  timer = setTimeout(wait, Math.min(delayMs, LONGEST_TIMER_MS));
  return () => clearTimeout(timer);
}
