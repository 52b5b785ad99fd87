import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { PassedDescriptor } from './fork-server/index.js';

const { O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** A pipe, made out of a FIFO, by which a process is told something once. Whoever reads it sees its end when it is closed. */
export class OrderPipe {
  /** To be opened anew by the reader, for as long as this is not closed. */
  readonly childEnd: PassedDescriptor;
  readonly #fd: number;
  #stream: Socket | null = null;
  #closed = false;

  /** @throws the error of open(2) */
  constructor(fifo: string) {
    this.#fd = openSync(fifo, O_RDWR | O_NONBLOCK);
    this.childEnd = { fd: this.#fd, flags: O_RDONLY };
  }

  /**
   * Writes at once what the pipe takes, which is nearly always all, and the rest as it is read. To be called once. When it
   * has been closed nothing is told.
   */
  tell(order: Uint8Array): void {
    if (this.#closed) return;
    const rest = this.#write(order);
    if (rest.byteLength === 0) return;
    this.#stream = new Socket({ fd: this.#fd, readable: false, writable: true });
    this.#stream.on('error', () => undefined).write(rest);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#stream === null) closeSync(this.#fd);
    else this.#stream.destroy();
  }

  #write(order: Uint8Array): Uint8Array {
    try {
      return order.subarray(writeSync(this.#fd, order));
    } catch {
      return order;
    }
  }
}
