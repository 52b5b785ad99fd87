import type { CgroupFiles, OpenCgroupFile, WritableCgroupFile } from './cgroup-files.js';
import type { LimitWrite } from './limit-writes.js';
import type { CgroupFeature } from './support.js';

/** What a group is to be, whatever it is called. */
export interface TaskGroupPlan {
  readonly version: 1 | 2;
  /** The directory that it is in. */
  readonly hierarchy: string;
  readonly features: ReadonlySet<CgroupFeature>;
  /** What makes it hold the limits of its task, in order. */
  readonly writes: readonly LimitWrite[];
  /** As many threads as there are in it at once for any task. */
  readonly leastTasks: number;
}

/**
 * A task's group in one hierarchy, made or only planned. Its files are opened when they are first used, and kept open
 * until it is closed.
 */
export class TaskGroup implements TaskGroupPlan {
  readonly version: 1 | 2;
  readonly hierarchy: string;
  readonly directory: string;
  readonly features: ReadonlySet<CgroupFeature>;
  readonly writes: readonly LimitWrite[];
  readonly leastTasks: number;
  readonly #files: CgroupFiles;
  readonly #read = new Map<string, Promise<OpenCgroupFile | null>>();
  readonly #written = new Map<string, Promise<WritableCgroupFile>>();
  #closed = false;

  constructor(
    { version, hierarchy, features, writes, leastTasks }: TaskGroupPlan,
    directory: string,
    files: CgroupFiles,
  ) {
    this.version = version;
    this.hierarchy = hierarchy;
    this.features = features;
    this.writes = writes;
    this.leastTasks = leastTasks;
    this.directory = directory;
    this.#files = files;
  }

  /** The present text of a file, or null where the kernel does not have it, the group is gone, or closed. Never rejects. */
  async read(name: string): Promise<string | null> {
    if (this.#closed) return null;
    let opened = this.#read.get(name);
    if (opened === undefined) {
      opened = this.#files.open(`${this.directory}/${name}`).catch(() => null);
      this.#read.set(name, opened);
    }
    try {
      return (await (await opened)?.read()) ?? null;
    } catch {
      return null;
    }
  }

  /** Writes to a file in one call. Rejects with the kernel's error. */
  async write(name: string, text: string): Promise<void> {
    let opened = this.#written.get(name);
    if (opened === undefined) {
      opened = this.#files.openToWrite(`${this.directory}/${name}`);
      this.#written.set(name, opened);
    }
    await (await opened).write(text);
  }

  /** Lets go of its files for good. Idempotent. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.closeFiles();
  }

  /** Lets go of its files until they are used again. Never rejects. */
  async closeFiles(): Promise<void> {
    const opened = [...this.#read.values(), ...this.#written.values()];
    this.#read.clear();
    this.#written.clear();
    for (const file of await Promise.allSettled(opened)) {
      if (file.status === 'fulfilled') await file.value?.close();
    }
  }
}
