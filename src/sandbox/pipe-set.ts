import { chownSync, closeSync, unlinkSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';
import type { FifoPool } from './fifo-pool.js';
import type { PassedDescriptor } from './fork-server/index.js';
import { OrderPipe } from './order-pipe.js';
import type { NamedPipe, Pipe } from './pipe.js';

export interface PipeOwner {
  readonly uid: number;
  readonly gid: number;
}

type AnyPipe = Pipe<Readable | Writable> | NamedPipe;

/** The pipes of one command: whatever becomes of it, none of their ends stays open. */
export class PipeSet {
  readonly #owner: PipeOwner | null;
  readonly #fifos: FifoPool | null;
  readonly #pipes: (AnyPipe | OrderPipe)[] = [];
  readonly #paths = new Set<string>();
  #childEndsOpen = true;

  /**
   * @param owner the user that is to own the pipes; null where that is the sidecar's
   * @param fifos where FIFOs go that nobody can have open any more; null where they are not used again
   */
  constructor(owner: PipeOwner | null, fifos: FifoPool | null = null) {
    this.#owner = owner;
    this.#fifos = fifos;
  }

  /** What the command is to be given, in the order in which the pipes were opened. */
  get childEnds(): PassedDescriptor[] {
    return this.#pipes.flatMap(({ childEnd }) => childEnd ?? []);
  }

  /** Takes charge of a FIFO that is opened later, if ever. */
  hold(fifo: string): void {
    this.#paths.add(fifo);
  }

  /**
   * Opens a pipe. Who reads or writes its stream sees the errors; that nobody does must not end the sidecar.
   * @throws SandboxError kind `sandbox` where it cannot be opened
   */
  open<Opened extends AnyPipe>(make: (fifo: string) => Opened, fifo: string): Opened {
    return this.#add(fifo, () => {
      if (this.#owner !== null) chownSync(fifo, this.#owner.uid, this.#owner.gid);
      const pipe = make(fifo);
      pipe.stream.on('error', () => undefined);
      return pipe;
    });
  }

  /**
   * Opens a pipe by which the sandbox of the command is told something. It stays the sidecar's own.
   * @throws SandboxError kind `sandbox` where it cannot be opened
   */
  openOrders(fifo: string): OrderPipe {
    return this.#add(fifo, () => new OrderPipe(fifo));
  }

  #add<Opened extends AnyPipe | OrderPipe>(fifo: string, open: () => Opened): Opened {
    try {
      this.hold(fifo);
      const pipe = open();
      this.#pipes.push(pipe);
      return pipe;
    } catch (error) {
      const message = `the pipes of a command could not be opened (${errorCode(error)})`;
      throw new SandboxError('sandbox', 'pipes_unavailable', message, {}, { cause: error });
    }
  }

  /** To be called once the command has been spawned, or could not be, so that end of file can be seen. Idempotent. */
  closeChildEnds(): void {
    if (!this.#childEndsOpen) return;
    this.#childEndsOpen = false;
    for (const { fd } of this.childEnds) closeSync(fd);
  }

  /**
   * Lets go of everything. To be called when no process of the command is left, or none can be got rid of. Idempotent.
   * @param isLeft whether some process may be left, which could still have a FIFO open
   */
  release(isLeft = true): void {
    this.closeChildEnds();
    for (const pipe of this.#pipes) pipe.release();
    for (const path of this.#paths) {
      if (isLeft || this.#fifos === null) remove(path);
      else this.#fifos.giveBack(path);
    }
    this.#paths.clear();
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never there, or is removed with its directory.
  }
}
