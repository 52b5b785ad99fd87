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
  /** Null for one that the kernel does not have. */
  readonly #read = new Map<string, OpenCgroupFile | null>();
  readonly #written = new Map<string, WritableCgroupFile>();
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

  /** The present text of a file, or null where the kernel does not have it, the group is gone, or closed. */
  read(name: string): string | null {
    if (this.#closed) return null;
    try {
      return this.#opened(name)?.read() ?? null;
    } catch {
      return null;
    }
  }

  /**
   * Writes to a file in one call.
   * @throws the kernel's error
   */
  write(name: string, text: string): void {
    let file = this.#written.get(name);
    if (file === undefined) {
      file = this.#files.openToWrite(`${this.directory}/${name}`);
      this.#written.set(name, file);
    }
    file.write(text);
  }

  /** Lets go of its files for good. Idempotent. */
  close(): void {
    this.#closed = true;
    this.closeFiles();
  }

  /** Lets go of its files until they are used again. */
  closeFiles(): void {
    for (const file of this.#read.values()) file?.close();
    for (const file of this.#written.values()) file.close();
    this.#read.clear();
    this.#written.clear();
  }

  #opened(name: string): OpenCgroupFile | null {
    let file = this.#read.get(name);
    if (file === undefined) {
      file = this.#open(name);
      this.#read.set(name, file);
    }
    return file;
  }

  #open(name: string): OpenCgroupFile | null {
    try {
      return this.#files.open(`${this.directory}/${name}`);
    } catch {
      return null;
    }
  }
}
