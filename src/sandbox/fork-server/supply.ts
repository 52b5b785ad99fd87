import type { Logger } from '../../tracking/index.js';
import { ForkServer } from './fork-server.js';

/** There is always a fork server: where one has died, the next order starts another. */
export class ForkServerSupply implements AsyncDisposable {
  readonly #perl: string;
  readonly #logger: Logger;
  #current: ForkServer;

  /** @param perl perl(1), as an absolute path, on a machine where `isForkServerKnown` */
  constructor(perl: string, logger: Logger) {
    this.#perl = perl;
    this.#logger = logger;
    this.#current = new ForkServer(perl, logger);
  }

  get current(): ForkServer {
    if (this.#current.lost) this.#current = new ForkServer(this.#perl, this.#logger);
    return this.#current;
  }

  /** Whether the fork server works on this machine. Never rejects. */
  works(): Promise<boolean> {
    return this.#current.ready;
  }

  /** Ends the fork server, and what it has started. Idempotent. */
  async close(): Promise<void> {
    await this.#current.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
