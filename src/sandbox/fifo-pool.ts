import { join } from 'node:path';
import { execa } from 'execa';
import { checkSpawnRoom } from './descriptor-room.js';
import { SandboxError } from './errors.js';

/** One call of mkfifo(1) makes at least so many. */
const MIN_BATCH = 96;

/**
 * FIFOs that are made ahead, because Node has no pipe(2) and mkfifo(1) costs a process. Each is taken once, by who
 * opens and unlinks it. When fewer than the reserve are left, a further batch is made in the background.
 */
export class FifoPool {
  readonly #mkfifo: string;
  readonly #directory: string;
  readonly #reserve: number;
  readonly #ready: string[] = [];
  #made = 0;
  #refilling: Promise<void> | null = null;

  /** @param directory private to this pool; who removes it removes what is left of the pool */
  constructor(mkfifo: string, directory: string, reserve: number) {
    this.#mkfifo = mkfifo;
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
    this.prepare();
    return taken;
  }

  /** Resolves when nothing is being made any more. */
  async close(): Promise<void> {
    await this.#refilling?.catch(() => undefined);
  }

  /**
   * Makes the first FIFOs by way of another program, which becomes mkfifo(1). Never rejects.
   * @param program its path and the arguments that come before the command
   * @returns whether it did
   */
  async prepareBy(program: readonly string[]): Promise<boolean> {
    const making = this.#refill(program);
    return making.then(
      () => true,
      () => false,
    );
  }

  /** Sees to it that the reserve is there soon. What fails is met again, and told, by who has to wait for a batch. */
  prepare(): void {
    if (this.#ready.length < this.#reserve) this.#refill().catch(() => undefined);
  }

  #refill(by: readonly string[] = []): Promise<void> {
    this.#refilling ??= this.#make(by).finally(() => {
      this.#refilling = null;
    });
    return this.#refilling;
  }

  async #make(by: readonly string[]): Promise<void> {
    const length = Math.max(MIN_BATCH, this.#reserve);
    checkSpawnRoom();
    const names = Array.from({ length }, () => String(this.#made++));
    const [file = this.#mkfifo, ...args] = [...by, this.#mkfifo, '-m', '600', '--', ...names];
    const { failed, shortMessage, stderr } = await execa(file, args, {
      cwd: this.#directory,
      env: {},
      extendEnv: false,
      stdin: 'ignore',
      stdout: 'ignore',
      reject: false,
    });
    if (failed) {
      const reason = stderr || shortMessage;
      throw new SandboxError('sandbox', 'pipes_unavailable', `no pipes could be made in ${this.#directory}: ${reason}`);
    }
    this.#ready.push(...names.map((name) => join(this.#directory, name)));
  }
}
