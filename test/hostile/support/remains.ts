import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from '../../support/processes.js';

/** What is there of a sidecar and its tasks. */
export interface Remains {
  readonly processes: readonly string[];
  readonly cgroups: readonly string[];
  readonly mounts: readonly string[];
  readonly folders: readonly string[];
}

export const NOTHING: Remains = { processes: [], cgroups: [], mounts: [], folders: [] };

/** Counts what one sidecar and its tasks have made of a machine, on which others may be at work. */
export class RemainsCounter {
  readonly #root: string;
  readonly #marks: Set<string>;
  readonly #uid: number | null;
  readonly #mountsBefore = new Set(mountLines());
  readonly #instances = new Set<string>();

  /**
   * @param marks any of which the environment or the command line of every process has
   * @param uid the user that the tasks are and nobody else is, where there is one
   */
  constructor(root: string, marks: readonly string[], uid: number | null) {
    this.#root = root;
    this.#marks = new Set([root, ...marks]);
    this.#uid = uid;
  }

  /** Learns the ids of the instances that are there now: their cgroups and processes bear them. */
  async learnInstances(): Promise<void> {
    for (const path of await this.#folders(2)) {
      this.#instances.add(basename(path));
      this.#marks.add(basename(path));
    }
  }

  /** All that there is of the sidecar. */
  async all(): Promise<Remains> {
    return {
      processes: this.#processes([...this.#marks], this.#uid),
      cgroups: cgroups([...this.#instances]),
      mounts: mountLines().filter((line) => !this.#mountsBefore.has(line) && line.includes(this.#root)),
      folders: await this.#folders(2),
    };
  }

  /** What there is of one task, whose processes have a mark of their own on their command lines, if not its id. */
  async ofTask(executionId: string, mark: string): Promise<Remains> {
    const processes = this.#processes([executionId, mark], null);
    return {
      processes,
      cgroups: [...cgroups([executionId]), ...processes.flatMap((line) => ownGroups(Number.parseInt(line, 10)))],
      mounts: mountLines().filter((line) => line.includes(executionId)),
      folders: await this.#foldersOf(executionId, processes),
    };
  }

  /** The directories that one task has after another and that have something in them: none while no task runs. */
  async usedFolders(): Promise<string[]> {
    const spare = (await this.#folders(4)).filter((path) => basename(dirname(path)) === 'spare');
    return spare.filter((path) => readdirSync(path).length > 0);
  }

  /** The directories that are called after a task; and those that tasks have one after the other, while this one has them. */
  async #foldersOf(executionId: string, processes: readonly string[]): Promise<string[]> {
    const inUse = new Set(processes.map((line) => link(`/proc/${Number.parseInt(line, 10)}/cwd`)));
    return (await this.#folders(4)).filter((path) => path.includes(executionId) || inUse.has(path));
  }

  #processes(marks: readonly string[], uid: number | null): string[] {
    const pids = readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid);
    return pids.flatMap((pid) => {
      const [environment, line, status] = ['environ', 'cmdline', 'status'].map((name) => read(`/proc/${pid}/${name}`));
      const isOurs = marks.some((mark) => environment!.includes(mark) || line!.includes(mark));
      const isTheirs = uid !== null && new RegExp(`^Uid:\\s+${uid}\\b`, 'm').test(status!);
      return (isOurs || isTheirs) && isAlive(pid) ? [`${pid} ${line} ${environment}`] : [];
    });
  }

  /** Directories so many levels below the root, instances being at the second. */
  async #folders(depth: number): Promise<string[]> {
    let level = (await directories(this.#root)).filter((path) => /exec-sidecar-\d+$/.test(path));
    for (let at = 1; at < depth; at += 1) level = (await Promise.all(level.map(directories))).flat();
    return level;
  }
}

async function directories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
}

function cgroups(ids: readonly string[]): string[] {
  return listCgroups('/sys/fs/cgroup').filter((path) => ids.some((id) => path.includes(id)));
}

/** Groups that were made ahead keep their name in version 2. They are those of the task while it is in them. */
function ownGroups(pid: number): string[] {
  const lines = read(`/proc/${pid}/cgroup`).split('\n');
  return lines.filter((line) => line.includes('/exec-sidecar-'));
}

function listCgroups(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return entries.flatMap(({ name }) => [join(path, name), ...listCgroups(join(path, name))]);
  } catch {
    return [];
  }
}

function mountLines(): string[] {
  return read('/proc/self/mountinfo').split('\n');
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
