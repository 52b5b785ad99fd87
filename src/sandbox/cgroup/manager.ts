import { readFileSync } from 'node:fs';
import { errorCode } from '../error-code.js';
import { SandboxError } from '../errors.js';
import { type CgroupFiles, kernelCgroupFiles } from './cgroup-files.js';
import type { Patience } from './group-tree.js';
import type { Hierarchy } from './hierarchy.js';
import { type CgroupLimits, limitWrites } from './limit-writes.js';
import { featuresOf, openHierarchies } from './open-hierarchies.js';
import { locateOwnGroups, type OwnGroup } from './own-groups.js';
import { SpareGroups } from './spare-groups.js';
import type { CgroupSupport } from './support.js';
import { TASK_PREFIX, TaskCgroup } from './task-cgroup.js';
import { TaskGroup, type TaskGroupPlan } from './task-group.js';

/** What the directories of instances begin with: `exec-sidecar-<instance>`. */
export const INSTANCE_PREFIX = 'exec-sidecar-';

/** What instance ids look like: they become the names of directories. */
export const GROUP_ID = /^[A-Za-z0-9_-]{1,64}$/;

export interface CgroupManagerOptions {
  /**
   * Called with the directories that the instance may make, before any is made, so that they can be written down for
   * the next start to sweep; the groups of tasks are below them. Where it rejects, nothing is made.
   */
  readonly record?: (directories: readonly string[]) => Promise<void>;
  readonly files?: CgroupFiles;
  /** Where the kernel tells of this process. */
  readonly procDirectory?: string;
  readonly pid?: number;
  /** The children of this process that may be there already: where it moves, they move with it. */
  readonly helpers?: readonly number[];
}

/** Makes groups for tasks below the groups that this process is in, and nowhere else. */
export class CgroupManager implements AsyncDisposable {
  /** What the groups of tasks can do here, and why they cannot do the rest. */
  readonly support: CgroupSupport;
  /** The directories of the instance, one in each hierarchy that is used. */
  readonly directories: readonly string[];
  readonly #hierarchies: readonly Hierarchy[];
  readonly #files: CgroupFiles;
  readonly #tasks = new Set<TaskCgroup>();
  readonly #spare: SpareGroups;
  #planned = 0;

  private constructor(hierarchies: readonly Hierarchy[], support: CgroupSupport, files: CgroupFiles) {
    this.#hierarchies = hierarchies;
    this.#files = files;
    this.#spare = new SpareGroups(files);
    this.support = support;
    this.directories = hierarchies.map(({ directory }) => directory);
  }

  /**
   * Makes the instance's groups, as far as the machine lets it: what it does not is in `support`. In version 2 this
   * process may move into a group of its own below the one it is in; `close` moves it back, with what it has started
   * since. It moves only where it is alone: to be called before any other child process is started than its `helpers`.
   * @param instanceId matches GROUP_ID; no other living instance has it
   * @throws SandboxError kind `sandbox`, code `cgroup_id`, for another id; what `record` rejects with
   */
  static async create(instanceId: string, options: CgroupManagerOptions = {}): Promise<CgroupManager> {
    const name = INSTANCE_PREFIX + checkedId('instanceId', instanceId);
    const { files = kernelCgroupFiles, procDirectory = '/proc/self', pid = process.pid, helpers = [] } = options;
    const own = usefulGroups(procDirectory);
    await options.record?.(
      (own ?? []).flatMap(({ directory }) => (directory === null ? [] : [`${directory}/${name}`])),
    );
    const { hierarchies, support } = await openHierarchies(own, { name, pid, helpers, files });
    return new CgroupManager(hierarchies, support, files);
  }

  /**
   * Plans the groups of a task, which hold its limits as far as `support` goes: groups that earlier tasks have given back, as
   * far as there are any that fit, and new ones. Those are made by whoever starts its first process, as the `setup` says,
   * or by `make`. As tasks may come after one another in a group, none is called after its task.
   * @param options.helperTasks how many threads of the sandbox's own helpers run in the groups: not the task's share
   */
  planGroup(limits: CgroupLimits, { helperTasks = 0 }: { helperTasks?: number } = {}): TaskCgroup {
    const planned: TaskGroup[] = [];
    this.#planned += 1;
    const name = `${TASK_PREFIX}${this.#planned}`;
    const groups = this.#plan(limits, helperTasks).map((plan) => {
      const spare = this.#spare.take(plan);
      if (spare !== undefined) return spare;
      const group = this.#newGroup(plan, name);
      planned.push(group);
      return group;
    });
    return this.#add(groups, planned, limits);
  }

  /**
   * What a process of one thread writes `0` to, so that it and all that it starts weigh together little more than one program
   * where processors are short, as far as tasks have no groups that do so. Commands are sessions, and Linux weighs each session
   * as much as the host's, whose event loop then waits for all of them. To move another process takes the kernel milliseconds.
   */
  get joinFiles(): readonly string[] {
    return this.#hierarchies.filter(isForCapsAlone).flatMap(({ joinFile }) => joinFile ?? []);
  }

  /** Lets go of the groups that were given back and not taken since, and of the files that they have open. Never rejects. */
  dropSpare(): Promise<void> {
    return this.#spare.clear();
  }

  /**
   * Kills what is left in the groups of tasks, removes them and the instance's own. Resolves with the directories that
   * could not be removed before patience ended, for the next start to sweep. Idempotent. Never rejects.
   */
  async close(patience: Patience = {}): Promise<readonly string[]> {
    await Promise.allSettled([...this.#tasks].map((task) => task.remove(patience)));
    await this.dropSpare();
    const closed = await Promise.allSettled(this.#hierarchies.map((hierarchy) => hierarchy.close()));
    return this.directories.filter((_, index) => {
      const outcome = closed[index];
      return outcome?.status === 'rejected' && errorCode(outcome.reason) !== 'ENOENT';
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #plan(limits: CgroupLimits, helperTasks: number): TaskGroupPlan[] {
    return hierarchiesFor(limits, this.#hierarchies).map(({ version, directory, features }) => {
      const writes = limitWrites(version, features, limits, helperTasks);
      return { version, hierarchy: directory, features, writes, leastTasks: 1 + helperTasks };
    });
  }

  #newGroup(plan: TaskGroupPlan, name: string): TaskGroup {
    return new TaskGroup(plan, `${plan.hierarchy}/${name}`, this.#files);
  }

  /** @param planned those of the groups that are still to be made */
  #add(groups: readonly TaskGroup[], planned: readonly TaskGroup[], { memoryBytes }: CgroupLimits): TaskCgroup {
    const task: TaskCgroup = new TaskCgroup(groups, {
      planned,
      files: this.#files,
      spare: this.#spare,
      memoryLimitBytes: memoryBytes,
      removed: () => this.#tasks.delete(task),
    });
    this.#tasks.add(task);
    return task;
  }
}

/** The groups of this process in hierarchies that are of use, or null where the system has no cgroups. */
function usefulGroups(procDirectory: string): OwnGroup[] | null {
  try {
    const memberships = readFileSync(`${procDirectory}/cgroup`, 'utf8');
    const mountInfo = readFileSync(`${procDirectory}/mountinfo`, 'utf8');
    return locateOwnGroups(memberships, mountInfo).filter((group) => featuresOf(group).length > 0);
  } catch {
    return null;
  }
}

/** One that can only cap the CPU rate adds nothing to a task without a cap but the making and removing of a group. */
function hierarchiesFor({ cpuPercent }: CgroupLimits, hierarchies: readonly Hierarchy[]): readonly Hierarchy[] {
  if (cpuPercent !== null) return hierarchies;
  return hierarchies.filter((hierarchy) => !isForCapsAlone(hierarchy));
}

function isForCapsAlone({ features }: Hierarchy): boolean {
  return features.size === 1 && features.has('cpu');
}

function checkedId(field: string, id: string): string {
  if (GROUP_ID.test(id)) return id;
  throw new SandboxError('sandbox', 'cgroup_id', `${field} must match ${GROUP_ID}, not '${id}'`, { field, value: id });
}
