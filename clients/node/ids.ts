import { MAX_ID } from '../../protocol/index.js';

/** Gives out frame ids: rising, from 1 again after the largest, and never one that is still in use. */
export class Ids {
  readonly #isUsed: (id: number) => boolean;
  #last: number;

  constructor(isUsed: (id: number) => boolean, last = 0) {
    this.#isUsed = isUsed;
    this.#last = last;
  }

  next(): number {
    do {
      this.#last = this.#last === MAX_ID ? 1 : this.#last + 1;
    } while (this.#isUsed(this.#last));
    return this.#last;
  }
}
