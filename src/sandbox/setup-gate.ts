import { setTimeout as sleep } from 'node:timers/promises';
import { explainExhaustion, hasRoomFor, tooManyOpenFiles } from './descriptor-room.js';

/** So many descriptors are opened at most while one task is being set up; fewer are open once it runs. */
export const SETUP_DESCRIPTORS = 40;

/** How long a task waits for descriptors where no other is being set up, in ms. */
const PATIENCE_MS = 2_000;
const PAUSE_MS = 20;

/**
 * Lets tasks be set up beside each other as long as there are descriptors for all of them, and one after the other where
 * they are scarce: those that run out together would all fail, where some could have run.
 */
export class SetupGate {
  readonly #makeRoom: () => void;
  #busy = 0;
  /** How many descriptors those that are busy may open in all. */
  #claimed = 0;
  #lastEnd = 0;

  /** @param makeRoom lets go of descriptors that could be done without; called where they are scarce */
  constructor(makeRoom: () => void) {
    this.#makeRoom = makeRoom;
  }

  /**
   * @param descriptors how many `setUp` opens at most
   * @throws SandboxError code `too_many_open_files` where there is no room for them; what `setUp` throws
   */
  async pass<Result>(setUp: () => Promise<Result>, descriptors = SETUP_DESCRIPTORS): Promise<Result> {
    const came = performance.now();
    while (!hasRoomFor(this.#claimed + descriptors)) {
      this.#makeRoom();
      const idleMs = performance.now() - Math.max(came, this.#lastEnd);
      if (this.#busy === 0 && idleMs > PATIENCE_MS) throw tooManyOpenFiles('the files of another task');
      await sleep(PAUSE_MS);
    }
    this.#busy += 1;
    this.#claimed += descriptors;
    try {
      return await setUp();
    } catch (error) {
      throw explainExhaustion(error);
    } finally {
      this.#busy -= 1;
      this.#claimed -= descriptors;
      this.#lastEnd = performance.now();
    }
  }
}
