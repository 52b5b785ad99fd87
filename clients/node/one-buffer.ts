import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Two chunks of output and more, so that the frames of a stream are mostly found whole in what was read. */
const READ_BYTES = 131_072;

/** What Node keeps behind a pipe. It is nowhere promised, so nothing is taken for granted about it. */
interface HasHandle {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

/**
 * The reading end of a pipe, read into one buffer again and again, where Node would read into a new one of 64 KiB each
 * time: those are garbage that it takes longer to collect than to read them. A chunk is good until the listeners of
 * `data` return; where one of them pauses the stream, until it is resumed. Whoever listens does so in the turn in which
 * the stream is made.
 *
 * @param stream the pipe of a child process, of which nothing has been read. It is closed when what is returned is.
 * @returns `stream` itself, whose chunks are good for ever, where this runtime has no such way to read it
 */
export function intoOneBuffer(stream: Socket): Socket {
  const source = stream as unknown as HasHandle;
  const handle = source._handle;
  if (typeof handle?.useUserBuffer !== 'function' || stream.readableLength > 0) return stream;
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (length: number): boolean => {
    reader.emit('data', buffer.subarray(0, length));
    return !reader.isPaused();
  };
  const options: SocketConstructorOpts & ConnectOpts & { readonly handle: unknown } = {
    handle,
    readable: true,
    writable: false,
    onread: { buffer, callback },
  };
  const reader: Socket = new Socket(options);
  if ((reader as unknown as HasHandle)._handle !== handle) return stream;
  source._handle = null;
  reader.once('close', () => stream.destroy());
  return reader;
}
