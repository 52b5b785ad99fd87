import type { LimitWarning } from '../../../protocol/index.js';
import { type Logger, QueueRegistry } from '../../../src/tracking/index.js';

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: object;
  readonly message: string;
}

/** A logger that keeps its lines. */
export function recordingLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const record = (level: keyof Logger) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') };
}

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
