import type { Logger as PinoLogger } from 'pino';
import type { ByteSink } from '../session/index.js';
import type { Logger } from '../tracking/index.js';

/** A logger whose level can be changed at any time. */
export interface LeveledLogger extends Logger {
  level: string;
}

/** From the least important to none at all. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * A pino logger on a sink that may be read slowly or not at all: lines that the sink has no room for are dropped,
 * and the next line that gets through tells how many. Logging never waits, and lines keep their order. pino is loaded for
 * the first line, since most sidecars have none to write.
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
  let loading: Promise<PinoLogger> | null = null;
  const lineOf = (name: keyof Logger) => (fields: object, message: string) => {
    if (LEVELS.indexOf(name) < LEVELS.indexOf(logger.level)) return;
    loading ??= loadPino(write);
    void loading.then((pino) => pino[name](fields, message));
  };
  const logger: LeveledLogger = {
    level,
    debug: lineOf('debug'),
    info: lineOf('info'),
    warn: lineOf('warn'),
    error: lineOf('error'),
  };
  return logger;
}

async function loadPino(write: (line: string) => void): Promise<PinoLogger> {
  const { default: pino } = await import('pino');
  return pino({ name: 'exec-sidecar', level: 'trace', serializers: { error: pino.stdSerializers.err } }, { write });
}
