import { randomUUID } from 'node:crypto';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { waitFor } from '../../support/wait-for.js';

const FREEZER = '/sys/fs/cgroup/freezer';

/**
 * A process in here can be killed by nobody until it is thawed, as one in an uninterruptible wait. Disposing of it
 * thaws whatever is in it.
 */
export class Freezer implements AsyncDisposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Null where there is no freezer of cgroup version 1, or it cannot be used. */
  static create(): Freezer | null {
    const directory = `${FREEZER}/test-${randomUUID()}`;
    try {
      mkdirSync(directory);
      writeFileSync(`${directory}/freezer.state`, 'THAWED');
      return new Freezer(directory);
    } catch {
      return null;
    }
  }

  freeze(pid: number): void {
    writeFileSync(`${this.#directory}/cgroup.procs`, String(pid));
    writeFileSync(`${this.#directory}/freezer.state`, 'FROZEN');
  }

  thaw(): void {
    writeFileSync(`${this.#directory}/freezer.state`, 'THAWED');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await waitFor(() => this.#remove(), `${this.#directory} to be empty`);
  }

  #remove(): boolean {
    try {
      rmdirSync(this.#directory);
      return true;
    } catch {
      return false;
    }
  }
}
