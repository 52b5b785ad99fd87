import { join } from 'node:path';

/** One order makes at least so many, and no more than need be: a file system may take 0.3 ms for each. */
const MIN_BATCH = 8;

/**
 * Makes FIFOs with these names in a directory, which only this user may open.
 * @throws SandboxError kind `sandbox`, code `pipes_unavailable`, where they cannot be made
 */
export type MakeFifos = (directory: string, names: readonly string[]) => Promise<void>;

/**
 * FIFOs that are made ahead, because Node has no pipe(2), and somebody else has to make them. Who takes one unlinks it or
 * gives it back. When fewer than the reserve are left, a further batch is made in the background.
 */
export class FifoPool {
  readonly #makeFifos: MakeFifos;
  readonly #directory: string;
  readonly #reserve: number;
  readonly #ready: string[] = [];
  #made = 0;
  #refilling: Promise<void> | null = null;

  /** @param directory private to this pool; who removes it removes what is left of the pool */
  constructor(makeFifos: MakeFifos, directory: string, reserve: number) {
    this.#makeFifos = makeFifos;
    this.#directory = directory;
    this.#reserve = reserve;
  }

  /**
   * Takes so many FIFOs, at once where they are there.
   * @throws SandboxError kind `sandbox` where they cannot be made
   */
  async take(count: number): Promise<string[]> {
    while (this.#ready.length < count) await this.#refill();
    const taken = this.#ready.splice(0, count);
    void this.prepare();
    return taken;
  }

  /** Takes back a FIFO that nobody has open any more: what was in it is gone with the last who had. */
  giveBack(path: string): void {
    this.#ready.push(path);
  }

  /** Resolves when nothing is being made any more. */
  async close(): Promise<void> {
    await this.#refilling?.catch(() => undefined);
  }

  /**
   * Sees to it that the reserve is there, and resolves when it is. Never rejects: what fails is met again, and told, by who
   * has to wait for a batch.
   */
  async prepare(): Promise<void> {
    if (this.#ready.length < this.#reserve) await this.#refill().catch(() => undefined);
  }

  #refill(): Promise<void> {
    this.#refilling ??= this.#make().finally(() => {
      this.#refilling = null;
    });
    return this.#refilling;
  }

  async #make(): Promise<void> {
    const length = Math.max(MIN_BATCH, this.#reserve - this.#ready.length);
    const names = Array.from({ length }, () => String(this.#made++));
    await this.#makeFifos(this.#directory, names);
    this.#ready.push(...names.map((name) => join(this.#directory, name)));
  }
}
