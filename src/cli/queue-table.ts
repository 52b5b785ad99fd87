import type { Percentiles, QueueSnapshot } from '../../protocol/index.js';
import { formatMs } from './human.js';
import { formatTable } from './table.js';

const HEADING = ['queue', 'most', 'in', 'out', 'parked', 'for', 'longest', 'waited p50/p90/p99/max'];

/**
 * What has gone through each queue, how full it was at most, and for how long producers were parked at it, as text.
 * Limits that are no queues are left out.
 */
export function queueTable(queues: readonly QueueSnapshot[]): string {
  return formatTable(HEADING, queues.filter(({ category }) => category === 'queue').map(rowOf));
}

function rowOf({ name, unit, capacity, highWater, enqueued, dequeued, waitMs, ...parks }: QueueSnapshot): string[] {
  return [
    name,
    `${highWater} of ${capacity} ${unit}`,
    String(enqueued),
    String(dequeued),
    `${parks.parkedCount}×`,
    formatMs(parks.parkedMs),
    formatMs(parks.longestParkMs),
    waitMs === undefined ? '' : formatWaits(waitMs),
  ];
}

function formatWaits({ p50, p90, p99, max }: Percentiles): string {
  return max === null ? '' : `${p50}/${p90}/${p99}/${max} ms`;
}
