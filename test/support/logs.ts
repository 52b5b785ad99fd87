import type { Logger } from '../../src/tracking/index.js';

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: object;
  readonly message: string;
}

/** A logger that keeps its lines. */
export interface KeepingLogger extends Logger {
  readonly lines: readonly LogLine[];
}

export function createKeepingLogger(): KeepingLogger {
  const lines: LogLine[] = [];
  const keep = (level: keyof Logger) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}
