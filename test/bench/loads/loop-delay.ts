import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Sample } from '../line.js';

/** How often the event loop is looked at, in ms: what an idle one shows. */
const RESOLUTION_MS = 1;

/** Does something and adds how late this program's event loop was meanwhile, in ms at the 99th percentile. */
export async function withLoopDelay(act: () => Promise<Sample>): Promise<Sample> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  try {
    const sample = await act();
    return { ...sample, loopDelayP99Ms: histogram.percentile(99) / 1_000_000 };
  } finally {
    histogram.disable();
  }
}
