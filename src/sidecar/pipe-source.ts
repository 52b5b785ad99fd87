import { fstatSync } from 'node:fs';
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { ByteSource } from '../session/index.js';

/** Whether `pipeSource` can read the descriptor. */
export function isPipe(descriptor: number): boolean {
  const stats = fstatSync(descriptor);
  return stats.isFIFO() || stats.isSocket();
}

/**
 * A pipe or socket as a source, which reads on while somebody waits for a chunk. Node would read into a new buffer of
 * 64 KiB each time; here one buffer is read into, and what was read is copied out of it. To be iterated over once.
 */
export function pipeSource(descriptor: number): ByteSource {
  const chunks = new PipeChunks(descriptor);
  return { [Symbol.asyncIterator]: () => chunks };
}

const READ_BYTES = 65_536;

type Step = IteratorResult<Uint8Array, undefined>;

class PipeChunks implements AsyncIterator<Uint8Array, undefined> {
  readonly #socket: Socket;
  /** What came when nobody waited: one, seldom more. */
  readonly #chunks: Uint8Array[] = [];
  #end: { readonly error?: Error } | undefined;
  #taker: { readonly resolve: (step: Step) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(descriptor: number) {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (length: number) => this.#push(new Uint8Array(buffer.subarray(0, length)));
    const options: SocketConstructorOpts & ConnectOpts = {
      fd: descriptor,
      readable: true,
      writable: false,
      onread: { buffer, callback },
    };
    this.#socket = new Socket(options);
    this.#socket.on('error', (error) => this.#finish({ error }));
    this.#socket.on('end', () => this.#finish({}));
    this.#socket.on('close', () => this.#finish({}));
  }

  next(): Promise<Step> {
    const value = this.#chunks.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#end?.error) return Promise.reject(this.#end.error);
    if (this.#end) return Promise.resolve(DONE);
    this.#socket.resume();
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  /** Answers whether to read on. */
  #push(value: Uint8Array): boolean {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker) taker.resolve({ value, done: false });
    else this.#chunks.push(value);
    return taker !== undefined;
  }

  /** The first end counts. */
  #finish(end: { readonly error?: Error }): void {
    if (this.#end) return;
    this.#end = end;
    if (end.error) this.#taker?.reject(end.error);
    else this.#taker?.resolve(DONE);
  }
}

const DONE: Step = { value: undefined, done: true };
