import type { Socket } from 'node:net';
import type { Logger } from '../tracking/index.js';
import { spawnHelper } from './spawn-helper.js';
import { defaultPath } from './tools.js';

/** Reads until end of file, which comes when nobody holds the other end any more: the sidecar is gone. */
const WAIT_AND_SWEEP = 'while read -r _; do :; done; exec "$@"';

/**
 * A shell that waits for the sidecar to die without having cleaned up (SIGKILL, out of memory, a crash), and then
 * becomes the sweep of its instance. It costs less than 2 MB, holds no stream of the sidecar and does not keep it alive.
 */
export class Guardian {
  readonly #ended: Promise<unknown>;
  readonly #kill: () => void;
  #closing = false;

  /** @param sweepCommand the sweep; the instance directory is appended to it */
  constructor(shell: string, sweepCommand: readonly string[], directory: string, logger: Logger) {
    const args = ['-c', WAIT_AND_SWEEP, 'exec-sidecar-guardian', ...sweepCommand, directory];
    const { child, ended } = spawnHelper(shell, args, { environment: { PATH: defaultPath() }, output: 'ignore' });
    child?.unref();
    (child?.stdin as Socket | null | undefined)?.unref();
    this.#kill = () => {
      child?.ref();
      child?.kill('SIGKILL');
    };
    this.#ended = ended.then(() => {
      if (!this.#closing)
        logger.warn({ directory }, 'the guardian has ended: a crash would be swept by the next start');
    });
  }

  /** Ends it without a sweep. Idempotent. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#kill();
    await this.#ended;
  }
}
