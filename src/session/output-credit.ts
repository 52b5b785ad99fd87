import type { WindowGauge } from '../tracking/index.js';

/** How much output the host still allows one task: a cumulative count of bytes since the task began. */
export class OutputCredit {
  readonly #windowBytes: number;
  #allowedBytes: number;
  #usedBytes = 0;
  #lifted = false;
  readonly #waiting: (() => void)[] = [];
  #gauge: WindowGauge | null = null;

  constructor(allowedBytes: number) {
    this.#windowBytes = allowedBytes;
    this.#allowedBytes = allowedBytes;
  }

  /** Whether somebody is told how much is used. */
  get tracked(): boolean {
    return this.#gauge !== null;
  }

  /** The gauge is told from now on what is sent and not yet allowed again, and parks who waits for credit. */
  track(gauge: WindowGauge): void {
    this.#gauge = gauge;
  }

  /** Nothing more is sent. Idempotent. */
  close(): void {
    this.#gauge?.close();
  }

  /** How many bytes may be sent now. */
  get available(): number {
    return this.#lifted ? Number.POSITIVE_INFINITY : this.#allowedBytes - this.#usedBytes;
  }

  /** Counts bytes as sent. */
  use(bytes: number): void {
    this.#usedBytes += bytes;
    this.#observe();
  }

  /** Raises the cumulative allowance. A smaller one than before takes nothing back. */
  allow(totalBytes: number): void {
    if (totalBytes <= this.#allowedBytes) return;
    this.#allowedBytes = totalBytes;
    this.#observe();
    this.#wakeAll();
  }

  /** Nobody is there any more to grant credit: none is needed from now on. */
  lift(): void {
    this.#lifted = true;
    this.#observe();
    this.#wakeAll();
  }

  /** Resolves when there may be credit again. */
  async granted(): Promise<void> {
    const park = this.#gauge?.park();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    park?.end();
  }

  #observe(): void {
    this.#gauge?.observe(this.#windowBytes - this.available, this.#usedBytes);
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
