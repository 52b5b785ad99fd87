import type { Logger } from '../../tracking/index.js';
import { Launcher } from './launcher.js';

/** There is always a launcher: where one has died, the next order starts another. */
export class LauncherSupply implements AsyncDisposable {
  readonly #perl: string;
  readonly #logger: Logger;
  #current: Launcher;

  /** @param perl perl(1), as an absolute path, on a machine where `isLauncherKnown` */
  constructor(perl: string, logger: Logger) {
    this.#perl = perl;
    this.#logger = logger;
    this.#current = new Launcher(perl, logger);
  }

  get current(): Launcher {
    if (this.#current.lost) this.#current = new Launcher(this.#perl, this.#logger);
    return this.#current;
  }

  /** Whether the launcher works on this machine. Never rejects. */
  works(): Promise<boolean> {
    return this.#current.ready;
  }

  /** Ends the launcher, and what it has started. Idempotent. */
  async close(): Promise<void> {
    await this.#current.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
