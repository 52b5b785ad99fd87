import type { CgroupFiles } from './cgroup-files.js';
import { removeGroups } from './group-tree.js';
import { renewGroup } from './renewal.js';
import type { TaskGroup, TaskGroupPlan } from './task-group.js';

/** Beyond so many the oldest makes way: so many tasks, each with a group in several hierarchies, seldom begin at once. */
const MAX_SPARE = 64;

/** When none was taken or kept for so long, all of them go: nothing stays of tasks when no more come. */
const CALM_MS = 250;

/**
 * Groups that tasks have left as good as new, to be used again by tasks with the same limits that follow soon. To make and
 * to remove a group takes the kernel several times as long, much of it outside the process that asks for it.
 */
export class SpareGroups {
  readonly #files: CgroupFiles;
  /** The one that was kept last at the end. */
  readonly #spare: TaskGroup[] = [];
  #lastUsed = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(files: CgroupFiles) {
    this.#files = files;
  }

  /** A group of the same hierarchy that holds the same limits; undefined where there is none. */
  take(plan: TaskGroupPlan): TaskGroup | undefined {
    this.#lastUsed = performance.now();
    const index = this.#spare.findLastIndex((group) => isAsPlanned(group, plan));
    return index === -1 ? undefined : this.#spare.splice(index, 1)[0];
  }

  /** Keeps a group in which nobody is left, where it is as good as new: where not, it is to be removed. */
  keep(group: TaskGroup): boolean {
    if (!renewGroup(group, this.#files)) return false;
    this.#spare.push(group);
    this.#lastUsed = performance.now();
    this.#clearWhenCalm(CALM_MS);
    if (this.#spare.length > MAX_SPARE) void this.#remove(this.#spare.splice(0, 1));
    return true;
  }

  /** Removes all of them. Never rejects. */
  async clear(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#remove(this.#spare.splice(0));
  }

  #clearWhenCalm(waitMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const calmMs = performance.now() - this.#lastUsed;
      if (calmMs < CALM_MS) this.#clearWhenCalm(CALM_MS - calmMs);
      else void this.clear();
    }, waitMs).unref();
  }

  /** What cannot be removed is left to the end of the instance, and then to the sweep of the next one. */
  async #remove(groups: readonly TaskGroup[]): Promise<void> {
    for (const group of groups) group.close();
    await removeGroups(groups, this.#files).catch(() => undefined);
  }
}

function isAsPlanned(group: TaskGroup, { hierarchy, writes }: TaskGroupPlan): boolean {
  if (group.hierarchy !== hierarchy || group.writes.length !== writes.length) return false;
  return writes.every(({ file, value }, index) => {
    const write = group.writes[index];
    return write?.file === file && write.value === value;
  });
}
