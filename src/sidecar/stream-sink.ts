import type { Writable } from 'node:stream';
import type { ByteSink } from '../session/index.js';

/**
 * A stream as a sink. Node writes pipes and sockets without blocking on POSIX systems, so a host that does not read
 * stops nothing but its own frames. When the stream breaks, what is written to it is dropped and `gone` aborts.
 */
export function streamSink(stream: Writable): ByteSink {
  const gone = new AbortController();
  const end = () => gone.abort();
  stream.on('error', end);
  stream.on('close', end);
  const ended = new Promise<void>((resolve) => gone.signal.addEventListener('abort', () => resolve()));
  return {
    gone: gone.signal,
    write(chunks) {
      if (gone.signal.aborted) return true;
      stream.cork();
      for (const chunk of chunks) stream.write(chunk);
      stream.uncork();
      return !stream.writableNeedDrain;
    },
    async drained() {
      if (gone.signal.aborted || !stream.writableNeedDrain) return;
      await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), ended]);
    },
    async flushed() {
      if (gone.signal.aborted) return;
      await Promise.race([new Promise((resolve) => stream.write('', resolve)), ended]);
    },
  };
}
