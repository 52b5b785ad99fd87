import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of it together, in bytes. With less, what would have died young is kept, and the heap falls to pieces. */
const ENOUGH_BYTES = 4 * 2 ** 20;

/**
 * Keeps V8's young generation from growing beyond 4 MiB: under load it would grow to 32 MiB and keep them, and a sidecar is
 * to stay small beside its host. V8 takes a largest size only on the command line of Node, but obeys at any time when it
 * is told to grow no more.
 */
export function boundYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (space === undefined || space.space_size < ENOUGH_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}
