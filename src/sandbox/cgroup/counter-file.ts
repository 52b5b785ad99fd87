import type { CgroupFiles, OpenCgroupFile } from './cgroup-files.js';

/** A counter of the kernel that is read again and again: opened at the first reading and kept open. */
export class CounterFile {
  readonly #path: string;
  readonly #files: CgroupFiles;
  #opened: Promise<OpenCgroupFile | null> | null = null;
  #closed = false;

  constructor(path: string, files: CgroupFiles) {
    this.#path = path;
    this.#files = files;
  }

  /** Its present text, or null where the kernel does not have it, the group is gone, or it was closed. Never rejects. */
  async read(): Promise<string | null> {
    if (this.#closed) return null;
    this.#opened ??= this.#files.open(this.#path).catch(() => null);
    try {
      return (await (await this.#opened)?.read()) ?? null;
    } catch {
      return null;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#opened)?.close();
    this.#opened = null;
  }
}
