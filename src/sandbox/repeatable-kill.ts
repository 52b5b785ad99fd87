import type { Logger } from '../tracking/index.js';

/** The killing of everything of one task: once for all who ask, and anew only where some of it would not die. */
export class RepeatableKill {
  readonly #kill: () => Promise<number>;
  #running: Promise<number> | null = null;
  #succeeded = false;

  /** @param kill resolves with the number of processes that would not die */
  constructor(kill: () => Promise<number>) {
    this.#kill = kill;
  }

  /** Whether nothing is known to be left. */
  get succeeded(): boolean {
    return this.#succeeded;
  }

  run(): Promise<number> {
    this.#running ??= this.#attempt();
    return this.#running;
  }

  async #attempt(): Promise<number> {
    try {
      const leaked = await this.#kill();
      this.#succeeded = leaked === 0;
      return leaked;
    } finally {
      if (!this.#succeeded) this.#running = null;
    }
  }
}

/** Ends what runs in a container. Where it cannot be known whether anything is left, it counts as one process. */
export async function terminateOrCount(
  running: { terminate(): Promise<number> },
  { executionId, logger }: { executionId: string; logger: Logger },
): Promise<number> {
  try {
    return await running.terminate();
  } catch (error) {
    logger.error({ err: error, executionId }, 'the processes of a task could not be seen');
    return 1;
  }
}
