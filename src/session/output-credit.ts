/** How much output the host still allows one task: a cumulative count of bytes since the task began. */
export class OutputCredit {
  #allowedBytes: number;
  #usedBytes = 0;
  #lifted = false;
  readonly #waiting: (() => void)[] = [];

  constructor(allowedBytes: number) {
    this.#allowedBytes = allowedBytes;
  }

  /** How many bytes may be sent now. */
  get available(): number {
    return this.#lifted ? Number.POSITIVE_INFINITY : this.#allowedBytes - this.#usedBytes;
  }

  /** Counts bytes as sent. */
  use(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** Raises the cumulative allowance. A smaller one than before takes nothing back. */
  allow(totalBytes: number): void {
    if (totalBytes <= this.#allowedBytes) return;
    this.#allowedBytes = totalBytes;
    this.#wakeAll();
  }

  /** Nobody is there any more to grant credit: none is needed from now on. */
  lift(): void {
    this.#lifted = true;
    this.#wakeAll();
  }

  /** Resolves when there may be credit again. */
  async granted(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
