import { closeSync, constants, openSync } from 'node:fs';
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { MAX_OUTPUT_CHUNK_BYTES } from '../../protocol/wire.js';
import type { PassedDescriptor } from './fork-server/index.js';
import { outputChunks } from './output-chunks.js';

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** Linux only; the same on every architecture that Node runs on. Node does not list it. */
const O_PATH = 0o10_000_000;

/**
 * A pipe between the sidecar and a command, made out of a FIFO. Unlike the socket that Node would give it, a command
 * can open it again as /dev/stdout or /proc/self/fd/1. The child's end blocks, ours does not. The FIFO stays, for whoever
 * owns it.
 */
export interface Pipe<Stream> {
  /** A descriptor to pass on and then to close, and the flags that it was opened with. */
  readonly childEnd: PassedDescriptor;
  readonly stream: Stream;
  /** To be called when no process of the command is left. Idempotent. */
  release(): void;
}

/** Makes a pipe that a command writes to. Who has done with a chunk of it may give it back to `outputChunks`. */
export function openOutputPipe(fifo: string): Pipe<Readable> {
  const [ourEnd, childEnd] = openEnds(fifo, [O_RDONLY | O_NONBLOCK, O_WRONLY]);
  const stream: Socket = new Socket(reusingBuffers(ourEnd!, (chunk) => stream.push(chunk)));
  return { childEnd: { fd: childEnd!, flags: O_WRONLY }, stream, release: () => stream.destroy() };
}

/**
 * So much of a command's output is read at a time: a pipe holds no more by default, and the window of a host is mostly a
 * multiple of it, so that no chunk has to be cut in two where the window ends.
 */
const READ_BYTES = MAX_OUTPUT_CHUNK_BYTES;

/** All pipes are read into this, one after the other, and what was read is copied out of it at once. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** Node would read into a new buffer each time. `push` answers whether to read on. */
function reusingBuffers(fd: number, push: (chunk: Uint8Array) => boolean): SocketConstructorOpts & ConnectOpts {
  const callback = (length: number) => push(outputChunks.copyOf(readBuffer.subarray(0, length)));
  return { fd, readable: true, writable: false, onread: { buffer: readBuffer, callback } };
}

/** Makes a pipe that a command reads from. */
export function openInputPipe(fifo: string): Pipe<Writable> {
  const [reader, ourEnd, childEnd] = openEnds(fifo, [O_RDONLY | O_NONBLOCK, O_WRONLY | O_NONBLOCK, O_RDONLY]);
  closeSync(reader!);
  return { ...inputPipe(fifo, ourEnd!), childEnd: { fd: childEnd!, flags: O_RDONLY } };
}

/**
 * A pipe that a command reads from by opening it, as `/proc/self/fd/<n>` of a descriptor that is no reader. So nobody
 * else reads it who inherits that, and when the command closes its standard input, whoever writes to it hears of it.
 */
export interface NamedPipe {
  readonly childEnd: null;
  readonly stream: Writable;
  /** To be called once it has been opened so: until then the pipe is held open for it. Idempotent. */
  opened(): void;
  /** To be called when no process of the command is left. Idempotent. */
  release(): void;
}

/** Makes a pipe for a command that opens it. Linux only. */
export function openNamedInputPipe(fifo: string): NamedPipe {
  const [holder, ourEnd] = openEnds(fifo, [O_RDWR | O_NONBLOCK, O_WRONLY | O_NONBLOCK]);
  const pipe = inputPipe(fifo, ourEnd!);
  let held = true;
  const opened = () => {
    if (held) closeSync(holder!);
    held = false;
  };
  const release = () => {
    opened();
    pipe.release();
  };
  return { ...pipe, childEnd: null, opened, release };
}

/** A descriptor by which a FIFO can be opened, and which is no reader of it. To be passed on and then to be closed. */
export function openName(fifo: string): PassedDescriptor {
  return { fd: openSync(fifo, O_PATH), flags: O_PATH };
}

function inputPipe(fifo: string, ourEnd: number): Omit<Pipe<Writable>, 'childEnd'> {
  const stream = new Socket({ fd: ourEnd, readable: false, writable: true });
  const door = new LateReaderDoor(fifo);
  stream.once('close', () => door.open());
  return {
    stream,
    release: () => {
      door.close();
      stream.destroy();
    },
  };
}

/** Opens a FIFO several times, in an order in which none has to wait for the other end. */
function openEnds(fifo: string, ends: readonly number[]): number[] {
  const descriptors: number[] = [];
  try {
    for (const flags of ends) descriptors.push(openSync(fifo, flags));
    return descriptors;
  } catch (error) {
    for (const descriptor of descriptors) closeSync(descriptor);
    throw error;
  }
}

const LATE_READER_MS = 20;

/**
 * Lets those in who open /dev/stdin after the end of the input. Opening a FIFO waits for a writer, which will not come
 * any more; so one shows up for a moment, again and again, and they read the end of file that they would have read
 * from an ordinary pipe.
 */
class LateReaderDoor {
  readonly #fifo: string;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(fifo: string) {
    this.#fifo = fifo;
  }

  open(): void {
    if (!this.#closed) this.#timer = setInterval(() => this.#showWriter(), LATE_READER_MS).unref();
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #showWriter(): void {
    try {
      closeSync(openSync(this.#fifo, O_WRONLY | O_NONBLOCK));
    } catch {
      // ENXIO: nobody reads, and nobody waits.
    }
  }
}
