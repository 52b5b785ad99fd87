import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of the young generation together, in bytes. With less, what would have died young is kept. */
const ENOUGH_BYTES = 4 * 2 ** 20;

/**
 * By how much the old generation may grow before it is collected again, in percent of what was alive. V8's own choice is up to
 * four times: what tasks leave then piles up to 80 MiB, and how much of it depends on when one looks.
 */
const GROWING_PERCENT = 50;

/**
 * Keeps V8's heap small under load, for a sidecar is to stay small beside its host: it costs some 4 % of the thread's time,
 * and halves its memory. The young generation would grow to 32 MiB and keep them: V8 takes a largest size only on the command
 * line of Node, but obeys at any time when it is told to grow no more.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  const observer = new PerformanceObserver(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (space === undefined || space.space_size < ENOUGH_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}

/** Has V8 choose again by itself. */
export function letHeapGrow(): void {
  setFlagsFromString('--heap-growing-percent=0');
  setFlagsFromString('--semi-space-growth-factor=2');
}
