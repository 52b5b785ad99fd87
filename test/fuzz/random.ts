/** Numbers that look random and are the same for the same seed, everywhere (the generator sfc32). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Each pair of integers gives a sequence of its own. */
  constructor(seed: number, stream: number) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    this.#c = 0x9e3779b9;
    for (let round = 0; round < 16; round += 1) this.#next();
  }

  /** An integer from 0 to `bound` − 1; 0 for a bound below 1. */
  below(bound: number): number {
    return Math.floor((this.#next() / 2 ** 32) * Math.max(1, bound));
  }

  /** Whether something happens that does so in this share of all cases. */
  chance(share: number): boolean {
    return this.#next() / 2 ** 32 < share;
  }

  /** One of these, each as often as the others. */
  pick<Element>(elements: readonly Element[]): Element {
    return elements[this.below(elements.length)]!;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }
}
