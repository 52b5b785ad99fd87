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
  /** Resolves when `wait` calls back, or the stream is gone. Leaves no listener on `gone` behind. */
  const unlessGone = (wait: (resume: () => void) => void) =>
    new Promise<void>((resolve) => {
      if (gone.signal.aborted) return resolve();
      const resume = () => {
        gone.signal.removeEventListener('abort', resume);
        resolve();
      };
      gone.signal.addEventListener('abort', resume);
      wait(resume);
    });
  return {
    gone: gone.signal,
    write(chunks, onWritten) {
      if (gone.signal.aborted) return true;
      if (chunks.length > 1) stream.cork();
      for (const [index, chunk] of chunks.entries()) {
        stream.write(chunk, index === chunks.length - 1 ? onWritten : undefined);
      }
      if (chunks.length > 1) stream.uncork();
      return !stream.writableNeedDrain;
    },
    async drained() {
      if (stream.writableNeedDrain) await unlessGone((resume) => stream.once('drain', resume));
    },
    async flushed() {
      await unlessGone((resume) => stream.write('', resume));
    },
  };
}
