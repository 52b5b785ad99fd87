import type { Writable } from 'node:stream';
import { writeAtOnce } from '../sandbox/write-at-once.js';
import type { ByteSink } from '../session/index.js';

/**
 * A stream as a sink. Node writes pipes and sockets without blocking on POSIX systems, so a host that does not read
 * stops nothing but its own frames. When the stream breaks, what is written to it is dropped and `gone` aborts.
 *
 * @param descriptor what the stream writes to, where that may be written to directly, which spares a small write most of
 * what it costs. That is done only while nothing waits in the stream, and what finds no room goes to the stream: so the
 * order of the bytes is that of the calls.
 */
export function streamSink(stream: Writable, descriptor?: number): ByteSink {
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
  const canWriteAtOnce = () => descriptor !== undefined && stream.writableLength === 0;
  const writeLater = (chunks: readonly Uint8Array[], onWritten?: () => void) => {
    if (chunks.length === 0) onWritten?.();
    if (chunks.length > 1) stream.cork();
    for (const [index, chunk] of chunks.entries()) {
      stream.write(chunk, index === chunks.length - 1 ? onWritten : undefined);
    }
    if (chunks.length > 1) stream.uncork();
    return !stream.writableNeedDrain;
  };
  return {
    gone: gone.signal,
    write(chunks, onWritten) {
      if (gone.signal.aborted) return true;
      return writeLater(canWriteAtOnce() ? writeAtOnce(descriptor!, chunks) : chunks, onWritten);
    },
    writeLent(bytes, keep, onWritten) {
      if (gone.signal.aborted || !canWriteAtOnce()) return undefined;
      return writeLater(writeAtOnce(descriptor!, [bytes]).map(keep), onWritten);
    },
    async drained() {
      if (stream.writableNeedDrain) await unlessGone((resume) => stream.once('drain', resume));
    },
    async flushed() {
      await unlessGone((resume) => stream.write('', resume));
    },
  };
}
