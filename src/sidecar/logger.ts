import pino from 'pino';
import type { ByteSink } from '../session/index.js';
import type { Logger } from '../tracking/index.js';

/** A logger whose level can be changed at any time. */
export interface LeveledLogger extends Logger {
  level: string;
}

/**
 * A pino logger on a sink that may be read slowly or not at all: lines that the sink has no room for are dropped,
 * and the next line that gets through tells how many. Logging never waits.
 */
export function createLogger(level: string, sink: ByteSink): LeveledLogger {
  let full = false;
  let dropped = 0;
  const write = (line: string) => {
    if (full) {
      dropped += 1;
      return;
    }
    full = !sink.write([Buffer.from(line)]);
    if (full) void sink.drained().then(resume);
  };
  const resume = () => {
    full = false;
    const lines = dropped;
    dropped = 0;
    if (lines > 0) logger.warn({ lines }, 'log lines were dropped: nobody read stderr');
  };
  const serializers = { error: pino.stdSerializers.err };
  const logger = pino({ name: 'exec-sidecar', level, serializers }, { write });
  return logger;
}
