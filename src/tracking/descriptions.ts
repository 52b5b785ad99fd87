import type { LimitWarning, Percentiles, QueueSnapshot } from '../../protocol/index.js';
import type { Stall } from './stall.js';

/** A warning in words: the limit, the value, the bound, and the setting that raises it. */
export function describeWarning(warning: LimitWarning): string {
  const { limit, kind, fillPercent, observed, capacity, unit, configKey } = warning;
  const states = { near: `is at ${fillPercent} %`, exhausted: 'is exhausted', recovered: 'has recovered' };
  return `${limit} ${states[kind]}: ${observed} of ${capacity} ${unit} (setting ${configKey})`;
}

/** The usage of a queue or another limit in words. */
export function describeQueue(queue: QueueSnapshot): string {
  const { name, depth, capacity, unit, fillPercent, highWater, waiters, waitMs } = queue;
  const fill = `${name} is at ${fillPercent} %: ${depth} of ${capacity} ${unit}, at most ${highWater} so far`;
  return `${fill}, ${waiters} waiting${waitMs === undefined ? '' : describeWaits(waitMs)}`;
}

function describeWaits({ p50, p90, p99, max }: Percentiles): string {
  return max === null ? '' : `, waited for ${p50} ms (p50), ${p90} (p90), ${p99} (p99), ${max} (max)`;
}

/** A stall in words: the link, for how long, who is slow, how full it is, and the setting that changes that. */
export function describeStall(stall: Stall): string {
  const { kind, link, slow, stalledMs, others, observed, capacity, unit, configKey } = stall;
  const seconds = `${(stalledMs / 1_000).toFixed(1)} s`;
  if (kind === 'goesOn') return `${link} goes on after ${seconds}`;
  const setting = configKey === undefined ? '' : ` (setting ${configKey})`;
  const more = others === 0 ? '' : `; ${others} more links are stalled`;
  return `${link} has been stalled for ${seconds}: ${slow}; ${observed} of ${capacity} ${unit} are in use${setting}${more}`;
}
