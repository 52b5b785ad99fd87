import type { LimitWarning } from '../../../protocol/index.js';
import { QueueRegistry } from '../../../src/tracking/index.js';

/** A registry of its own, with every warning that it delivers. */
export function recordingRegistry(): { readonly registry: QueueRegistry; readonly warnings: LimitWarning[] } {
  const registry = new QueueRegistry();
  const warnings: LimitWarning[] = [];
  registry.setLimitWarningHandler((warning) => warnings.push(warning));
  return { registry, warnings };
}

/** What matters most of a warning, in one line. */
export function brief({ limit, kind, observed, capacity, unit }: LimitWarning): string {
  return `${limit} ${kind} ${observed}/${capacity} ${unit}`;
}
