/** The longest delay that Node's timers know: 2^31 − 1 ms, about 25 days. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Calls back once so many ms have passed since a moment of `performance.now()`: never early, and however long that
 * is. Returns what cancels it.
 */
export function setAlarm(since: number, delayMs: number, ring: (elapsedMs: number) => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = () => {
    const remainingMs = Math.ceil(since + delayMs - performance.now());
    timer = setTimeout(check, Math.min(Math.max(remainingMs, 1), LONGEST_TIMER_MS));
  };
  const check = () => {
    const elapsedMs = performance.now() - since;
    if (elapsedMs >= delayMs) ring(elapsedMs);
    else arm();
  };
  arm();
  return () => clearTimeout(timer);
}
