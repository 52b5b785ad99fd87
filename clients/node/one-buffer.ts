import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { ReadBuffer } from '../../protocol/index.js';

/** What Node keeps behind a pipe. It is nowhere promised, so nothing is taken for granted about it. */
interface HasHandle {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

/**
 * The reading end of a pipe, read into one buffer again and again, where Node would read into a new one of 64 KiB each
 * time: those are garbage that it takes longer to collect than to read them. Whoever listens to `data` does so in the turn
 * in which the stream is made, and tells the buffer what to keep.
 *
 * @param stream the pipe of a child process, of which nothing has been read. It is closed when what is returned is.
 * @returns `stream` itself, whose chunks lie elsewhere and are good for ever, where this runtime has no such way to read it
 */
export function intoOneBuffer(stream: Socket, buffer: ReadBuffer): Socket {
  const source = stream as unknown as HasHandle;
  const handle = source._handle;
  if (typeof handle?.useUserBuffer !== 'function' || stream.readableLength > 0) return stream;
  const callback = (length: number): boolean => {
    reader.emit('data', buffer.filled(length));
    return !reader.isPaused();
  };
  const options: SocketConstructorOpts & ConnectOpts & { readonly handle: unknown } = {
    handle,
    readable: true,
    writable: false,
    onread: { buffer: () => buffer.room(), callback },
  };
  const reader: Socket = new Socket(options);
  if ((reader as unknown as HasHandle)._handle !== handle) return stream;
  source._handle = null;
  reader.once('close', () => stream.destroy());
  return reader;
}
