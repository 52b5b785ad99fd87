import type { Logger } from '../../tracking/index.js';
import { ForkServer } from './fork-server.js';

/** There is always a fork server: where one has died, the next order starts another. */
export class ForkServerSupply implements AsyncDisposable {
  readonly #perl: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #logger: Logger;
  #current: ForkServer;
  #joined: readonly string[] = [];

  /** For the parameters see `ForkServer`. */
  constructor(perl: string, environment: Readonly<Record<string, string>>, logger: Logger) {
    this.#perl = perl;
    this.#environment = environment;
    this.#logger = logger;
    this.#current = new ForkServer(perl, environment, logger);
  }

  get current(): ForkServer {
    if (this.#current.lost) {
      this.#current = new ForkServer(this.#perl, this.#environment, this.#logger);
      this.#current.join(this.#joined);
    }
    return this.#current;
  }

  /** Has the fork server write itself to these files of cgroups, and each that takes its place. To be called once. */
  join(files: readonly string[]): void {
    this.#joined = files;
    this.#current.join(files);
  }

  /** The process; undefined where none could be started. */
  get pid(): number | undefined {
    return this.#current.pid;
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
