import type { CgroupFiles } from './cgroup-files.js';
import { type GroupSetup, makeGroups } from './group-setup.js';
import { killGroups, membersOf, type Patience, removeGroups } from './group-tree.js';
import type { SpareGroups } from './spare-groups.js';
import { TaskCounters } from './task-counters.js';
import type { TaskGroup } from './task-group.js';
import type { CgroupEvents, CgroupTotals, CgroupUsage, CpuUsage } from './usage.js';

/** What the directories of tasks are called: this, and a number. */
export const TASK_PREFIX = 'task-';

/** What a task's groups come with from their manager. */
export interface TaskCgroupOptions {
  /** Those of the groups that are still to be made. */
  readonly planned: readonly TaskGroup[];
  readonly files: CgroupFiles;
  readonly spare: SpareGroups;
  readonly memoryLimitBytes: number;
  /** Called when the groups are gone, or somebody else's. */
  readonly removed: () => void;
}

/** The groups of one task, one in each hierarchy that is used. Planned by `CgroupManager.planGroup`. */
export class TaskCgroup implements AsyncDisposable {
  /** What makes the groups that are not there yet, under the names that they were planned with. */
  readonly setup: GroupSetup;
  #groups: readonly TaskGroup[];
  readonly #files: CgroupFiles;
  readonly #memoryLimitBytes: number;
  readonly #spare: SpareGroups;
  readonly #removed: () => void;
  #counters: TaskCounters;
  /** Those before the killing, which forbids forks: what is refused then is no excess of the task's. */
  #refusedForks: number | null | undefined;
  readonly #watches = new Set<{ close(): void }>();

  constructor(groups: readonly TaskGroup[], { planned, files, spare, memoryLimitBytes, removed }: TaskCgroupOptions) {
    this.#groups = groups;
    this.#files = files;
    this.#spare = spare;
    this.#memoryLimitBytes = memoryLimitBytes;
    this.#removed = removed;
    this.#counters = new TaskCounters(groups);
    this.setup = {
      directories: planned.map(({ directory }) => directory),
      writes: planned.flatMap(({ directory, writes }) =>
        writes.map(({ file, ...write }) => ({ path: `${directory}/${file}`, ...write })),
      ),
      procsFiles: groups.map(({ version, directory }) => `${directory}/${JOINED_BY[version]}`),
    };
  }

  /**
   * Makes the groups, where nobody does it who starts a process in them. Nothing is left where that fails.
   * @throws SandboxError kind `sandbox`, code `cgroup_failed` with the `path` and `errno`
   */
  make(): Promise<void> {
    return makeGroups(this.setup, this.#files);
  }

  /** The directories of the groups. */
  get directories(): readonly string[] {
    return this.#groups.map(({ directory }) => directory);
  }

  /** Lets go of the files of the groups until they are read again. */
  closeFiles(): void {
    for (const group of this.#groups) group.closeFiles();
  }

  /** The processes that are alive in the groups. Zombies are not among them. Empty after `remove`. */
  pids(): Promise<number[]> {
    return membersOf(this.#groups, this.#files);
  }

  /** What the task has used so far. To be read before `remove`: the figures go with the groups. */
  usage(): CgroupUsage {
    return this.#counters.usage();
  }

  /** Of what the task has used so far only what it came to, for less. */
  totals(): CgroupTotals {
    return this.#counters.totals();
  }

  /** Of what the task has used so far only the CPU time, for less. */
  cpu(): CpuUsage {
    return this.#counters.cpu();
  }

  /** The memory that counts against the limit now, at the cost of one system call; null where unknown. */
  memoryBytes(): number | null {
    return this.#counters.memoryBytes();
  }

  /**
   * Has the peak of memory begin anew at what is used now, so that it is not that of whoever made the sandbox. In
   * version 2 the peak stays, and so it does where the group is gone.
   */
  resetMemoryPeak(): void {
    const group = this.#groups.find(({ features }) => features.has('memory'));
    if (group?.version !== 1) return;
    try {
      group.write('memory.max_usage_in_bytes', '0');
    } catch {
      // What has become of it is seen by whoever needs it.
    }
  }

  /** How often limits took effect so far. To be read before `remove`. */
  events(): CgroupEvents {
    const events = this.#counters.events(this.#memoryLimitBytes);
    const refusedForks = this.#refusedForks;
    return refusedForks === undefined ? events : { ...events, processLimitHits: refusedForks };
  }

  /**
   * Calls back, at some moment, when memory has first reached 80 % of the limit, and whenever the kernel has refused
   * memory or killed for want of it: a nudge to look at `usage` and `events` now, never a verdict, since page cache
   * that can be dropped counts as well. Until the first nudge is taken the kernel slows down what grows beyond the
   * 80 %, so that no burst is faster than its warning.
   *
   * Null where the kernel does not tell (version 1), or the groups are gone: then only reading often helps. Never
   * rejects.
   */
  async watchMemory(nudge: () => void): Promise<Disposable | null> {
    const group = this.#groups.find(({ version, features }) => version === 2 && features.has('memory'));
    if (group === undefined) return null;
    const high = `${group.directory}/memory.high`;
    const watch = this.#watch(`${group.directory}/memory.events`, () => {
      void this.#files.write(high, 'max').catch(() => {});
      nudge();
    });
    if (watch === null) return null;
    try {
      await this.#files.write(high, `${Math.floor(this.#memoryLimitBytes * HIGH_FRACTION)}`);
      return watch;
    } catch {
      watch[Symbol.dispose]();
      return null;
    }
  }

  /**
   * Kills every process in the groups, those that left their session or process group too, and resolves with those
   * that did not die before patience ended. Idempotent. Never rejects.
   */
  async kill(patience: Patience = {}): Promise<number[]> {
    if (this.#refusedForks === undefined) this.#refusedForks = this.#counters.processLimitHits();
    return killGroups(this.#groups, this.#files, patience);
  }

  /**
   * As `remove`, for groups in which nobody is left: those that are as good as new are kept for another task. Nothing can
   * be read of them any more.
   * @throws the kernel's error where a group that is not kept is still not removable when patience ends
   */
  async giveBack(): Promise<void> {
    this.#groups = this.#groups.filter((group) => !this.#spare.keep(group));
    this.#counters = new TaskCounters(this.#groups);
    await this.remove();
  }

  /**
   * Kills what is left and removes the groups. Idempotent.
   * @throws the kernel's error where a group is still not removable when patience ends
   */
  async remove(patience: Patience = {}): Promise<void> {
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
    for (const group of this.#groups) group.close();
    await removeGroups(this.#groups, this.#files, patience);
    this.#removed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }

  #watch(path: string, changed: () => void): Disposable | null {
    try {
      const watch = this.#files.watch(path, changed);
      this.#watches.add(watch);
      const dispose = (): void => {
        watch.close();
        this.#watches.delete(watch);
      };
      return { [Symbol.dispose]: dispose };
    } catch {
      return null;
    }
  }
}

/**
 * A thread that moves itself is moved at once, which only version 1 has. For a process the kernel first waits until no
 * process of the machine is just making a thread or ending one: milliseconds for each hierarchy.
 */
const JOINED_BY = { 1: 'tasks', 2: 'cgroup.procs' } as const;

/** From here on the kernel tells of a group's memory, and slows its growth until it has been heard. */
const HIGH_FRACTION = 0.8;
