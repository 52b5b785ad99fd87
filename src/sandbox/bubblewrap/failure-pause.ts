const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** How long something is left alone that has failed: a second, and twice as long with each failure that follows. */
export class FailurePause {
  #failures = 0;
  #until = 0;

  /** In ms; 0 where there is no pause. */
  get leftMs(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** Whether it was the first since the last success. */
  failed(): boolean {
    this.#until = performance.now() + Math.min(FIRST_MS * 2 ** this.#failures, LONGEST_MS);
    this.#failures += 1;
    return this.#failures === 1;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** A pause without a failure. */
  rest(): void {
    this.#until = Math.max(this.#until, performance.now() + FIRST_MS);
  }
}
