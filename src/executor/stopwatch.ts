/** Adds up the time during which at least one of several overlapping spans is open, in ms. */
export class Stopwatch {
  #open = 0;
  #since = 0;
  #elapsed = 0;

  /** Opens a span; disposing of what is returned closes it. */
  span(): Disposable {
    if (this.#open === 0) this.#since = performance.now();
    this.#open += 1;
    return { [Symbol.dispose]: () => this.#close() };
  }

  /** Whether a span is open now. */
  get running(): boolean {
    return this.#open > 0;
  }

  /** The time so far, open spans included. */
  get elapsedMs(): number {
    return this.#elapsed + (this.running ? performance.now() - this.#since : 0);
  }

  #close(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#elapsed += performance.now() - this.#since;
  }
}
