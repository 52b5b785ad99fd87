import { type FSWatcher, watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../support/processes.js';
import { waitFor } from '../../support/wait-for.js';

/**
 * A workspace root for the sidecars of one test. Whatever they start bears its unique path, or the id of an instance
 * that had its folder below it, in its environment or on its command line, and whatever they write on disk lies below it;
 * what they keep in memory bears the id of the instance.
 * Disposing of it asserts that nothing of either is left.
 */
export class Traces implements AsyncDisposable {
  readonly root: string;
  /** The path, and the ids of all instances that there ever were. */
  readonly #marks: Set<string>;
  readonly #watcher: FSWatcher;

  private constructor(root: string) {
    this.root = root;
    this.#marks = new Set([root]);
    this.#watcher = watch(instancesBelow(root), { persistent: false }, (_event, id) => {
      if (id !== null) this.#marks.add(id);
    });
  }

  static async create(): Promise<Traces> {
    const root = await mkdtemp(join(tmpdir(), 'exec-sidecar-traces-'));
    await mkdir(instancesBelow(root), { mode: 0o700 });
    return new Traces(root);
  }

  /** What makes a sidecar use this root. */
  get environment(): Readonly<Record<string, string>> {
    return { EXEC_SIDECAR_WORKSPACE_ROOT: this.root };
  }

  /** The processes that belong to the sidecars of this root, those included. */
  async processes(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const belongs = await Promise.all(pids.map((pid) => this.#isMentionedBy(pid)));
    return pids.filter((pid, index) => belongs[index] && isAlive(pid));
  }

  /** The folders of instances that are there now. */
  async folders(): Promise<string[]> {
    return readdir(instancesBelow(this.root)).catch(() => []);
  }

  /** Waits until no process and no folder is left. */
  async vanish(deadlineMs = 10_000): Promise<void> {
    const remains = async () => [...(await this.processes()), ...(await this.folders()), ...(await this.#inMemory())];
    const isClean = async () => (await remains()).length === 0;
    await waitFor(isClean, `no process and no folder of ${this.root}`, deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.vanish();
    } finally {
      this.#watcher.close();
      for (const pid of await this.processes()) process.kill(pid, 'SIGKILL');
      await rm(this.root, { recursive: true, force: true });
    }
  }

  async #inMemory(): Promise<string[]> {
    const names = await readdir('/dev/shm').catch(() => []);
    return names.filter((name) => [...this.#marks].some((mark) => name.endsWith(mark)));
  }

  async #isMentionedBy(pid: number): Promise<boolean> {
    const texts = await Promise.all([readText(`/proc/${pid}/environ`), readText(`/proc/${pid}/cmdline`)]);
    return texts.some((text) => [...this.#marks].some((mark) => text.includes(mark)));
  }
}

function instancesBelow(root: string): string {
  return join(root, `exec-sidecar-${process.getuid?.()}`);
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}
