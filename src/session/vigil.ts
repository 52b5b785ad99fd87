import { availableParallelism } from 'node:os';

/** How long the next question is awaited awake, in ms. A host that asks at once takes a third of it. */
const AWAKE_MS = 0.1;

/** Questions are asked in a row where one comes within so many ms of the one before it. */
const IN_A_ROW_MS = 0.5;

/**
 * Keeps the event loop from going to sleep for a moment, while a host asks one question after another: to be woken up
 * takes longer than to answer. It costs 0.1 ms of CPU time for the last question of a row, and less for each before it;
 * questions now and then cost nothing. On a single processor, which is then the host's too, nobody stays awake.
 */
export class Vigil {
  readonly #isOfUse: boolean;
  #lastMs = Number.NEGATIVE_INFINITY;
  #untilMs = 0;
  #turn: NodeJS.Immediate | null = null;

  /** @param processors that this process may run on */
  constructor(processors = availableParallelism()) {
    this.#isOfUse = processors > 1;
  }

  /** A question is being answered, and nothing else is to be done. */
  keep(): void {
    const now = performance.now();
    const isInARow = now - this.#lastMs < IN_A_ROW_MS;
    this.#lastMs = now;
    if (!isInARow || !this.#isOfUse) return;
    this.#untilMs = now + AWAKE_MS;
    this.#turn ??= setImmediate(this.#onTurn);
  }

  /** The loop does not sleep while there is a turn to come. */
  readonly #onTurn = (): void => {
    this.#turn = performance.now() < this.#untilMs ? setImmediate(this.#onTurn) : null;
  };
}
