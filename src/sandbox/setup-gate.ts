import { setTimeout as sleep } from 'node:timers/promises';
import { explainExhaustion, hasRoomFor, tooManyOpenFiles } from './descriptor-room.js';

/** So many descriptors are open at most while one task is being set up; fewer once it runs. */
const SETUP_DESCRIPTORS = 40;

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
  #lastEnd = 0;

  /** @param makeRoom lets go of descriptors that could be done without; called where they are scarce */
  constructor(makeRoom: () => void) {
    this.#makeRoom = makeRoom;
  }

  /** @throws SandboxError code `too_many_open_files` where there is no room for even one; what `setUp` throws */
  async pass<Result>(setUp: () => Promise<Result>): Promise<Result> {
    const came = performance.now();
    while (!hasRoomFor((this.#busy + 1) * SETUP_DESCRIPTORS)) {
      this.#makeRoom();
      const idleMs = performance.now() - Math.max(came, this.#lastEnd);
      if (this.#busy === 0 && idleMs > PATIENCE_MS) throw tooManyOpenFiles('the files of another task');
      await sleep(PAUSE_MS);
    }
    this.#busy += 1;
    try {
      return await setUp();
    } catch (error) {
      throw explainExhaustion(error);
    } finally {
      this.#busy -= 1;
      this.#lastEnd = performance.now();
    }
  }
}
