import type { LimitWarning, QueueSnapshot } from '../../protocol/index.js';

/** A warning in words: the limit, the value, the bound, and the setting that raises it. */
export function describeWarning(warning: LimitWarning): string {
  const { limit, kind, fillPercent, observed, capacity, unit, configKey } = warning;
  const states = { near: `is at ${fillPercent} %`, exhausted: 'is exhausted', recovered: 'has recovered' };
  return `${limit} ${states[kind]}: ${observed} of ${capacity} ${unit} (setting ${configKey})`;
}

/** The usage of a queue or another limit in words. */
export function describeQueue({ name, depth, capacity, unit, fillPercent, highWater, waiters }: QueueSnapshot): string {
  return `${name} is at ${fillPercent} %: ${depth} of ${capacity} ${unit}, at most ${highWater} so far, ${waiters} waiting`;
}
