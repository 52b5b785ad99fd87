import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { PassedDescriptor } from './fork-server/index.js';
import { writeAtOnce } from './write-at-once.js';

const { O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** A pipe, made out of a FIFO, by which a process is told something once. Whoever reads it sees its end when it is released. */
export class OrderPipe {
  /** Not to be closed with the ends of a command: who is told opens it anew. */
  readonly childEnd = null;
  /** To be opened anew by the reader, for as long as this is not released. */
  readonly readEnd: PassedDescriptor;
  readonly #fd: number;
  #stream: Socket | null = null;
  #released = false;

  /** @throws the error of open(2) */
  constructor(fifo: string) {
    this.#fd = openSync(fifo, O_RDWR | O_NONBLOCK);
    this.readEnd = { fd: this.#fd, flags: O_RDONLY };
  }

  /**
   * Writes at once what the pipe takes, which is nearly always all, and the rest as it is read. To be called once. When it
   * has been released nothing is told.
   */
  tell(order: Uint8Array): void {
    if (this.#released) return;
    const [rest] = writeAtOnce(this.#fd, [order]);
    if (rest === undefined) return;
    this.#stream = new Socket({ fd: this.#fd, readable: false, writable: true });
    this.#stream.on('error', () => undefined).write(rest);
  }

  /** Idempotent. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#stream === null) closeSync(this.#fd);
    else this.#stream.destroy();
  }
}
