import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../error-code.js';
import type { CgroupFiles } from './cgroup-files.js';
import { parsePids } from './file-formats.js';

/** A group to act on together with the groups below it. */
export interface GroupTree {
  readonly version: 1 | 2;
  readonly directory: string;
}

/** How long to go on where processes will not die or a group will not go away. */
export interface Patience {
  /** In ms from now; 5,000 where it is left out. */
  readonly timeoutMs?: number;
  /** Ends the waiting early. */
  readonly signal?: AbortSignal;
}

/**
 * The processes in any of the groups or below, each once. Groups that are gone have none. A 0 stands for a process
 * that this PID namespace does not see.
 */
export async function membersOf(trees: readonly GroupTree[], files: CgroupFiles): Promise<number[]> {
  const lists = await Promise.all(trees.map(({ directory }) => membersBelow(directory, files)));
  return [...new Set(lists.flat())];
}

/**
 * Kills every process in the groups and below. Resolves with those that are still there when patience ends: none but
 * processes that wait inside the kernel and cannot die. Groups that are gone are no error.
 *
 * Nothing forks its way out: `cgroup.kill` takes a whole version 2 tree at once; elsewhere the members are frozen and
 * forbidden to fork while they are killed one by one.
 */
export async function killGroups(
  trees: readonly GroupTree[],
  files: CgroupFiles,
  patience: Patience = {},
): Promise<number[]> {
  const attempts = backoff(patience);
  let atOnce = true;
  for (;;) {
    const members = await membersOf(trees, files);
    if (members.length === 0) return [];
    const killed = await killAtOnce(trees, files);
    // After a kill at once the members of the other trees are most likely the same processes, already dying.
    if (!killed || !atOnce) await killOneByOne(trees, files);
    atOnce = false;
    if (!(await attempts.next())) return membersOf(trees, files);
  }
}

/**
 * Removes the groups and those below them. What lives in them is killed. Groups that are gone are no error.
 * @throws the kernel's error for a group that is still not removable when patience ends
 */
export async function removeGroups(
  trees: readonly GroupTree[],
  files: CgroupFiles,
  patience: Patience = {},
): Promise<void> {
  await Promise.all(trees.map((tree) => removeGroup(tree, files, patience)));
}

async function removeGroup(tree: GroupTree, files: CgroupFiles, patience: Patience): Promise<void> {
  const attempts = backoff(patience);
  for (;;) {
    try {
      return await files.removeDirectory(tree.directory);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      if (errorCode(error) !== 'EBUSY' && errorCode(error) !== 'ENOTEMPTY') throw error;
      await killGroups([tree], files, patience);
      const children = childrenOf(tree.directory, files);
      await removeGroups(
        children.map((directory) => ({ version: tree.version, directory })),
        files,
        patience,
      );
      if (!(await attempts.next())) throw error;
    }
  }
}

async function membersBelow(directory: string, files: CgroupFiles): Promise<number[]> {
  const own = await files.read(`${directory}/cgroup.procs`).then(parsePids, () => []);
  const below = await Promise.all(childrenOf(directory, files).map((child) => membersBelow(child, files)));
  return [...own, ...below.flat()];
}

function childrenOf(directory: string, files: CgroupFiles): string[] {
  try {
    return files.children(directory).map((name) => `${directory}/${name}`);
  } catch {
    return [];
  }
}

/** Whether some tree could be told to kill all that is in it. */
async function killAtOnce(trees: readonly GroupTree[], files: CgroupFiles): Promise<boolean> {
  const told = await Promise.all(
    trees.map(({ version, directory }) => version === 2 && written(files, `${directory}/cgroup.kill`, '1')),
  );
  return told.includes(true);
}

async function killOneByOne(trees: readonly GroupTree[], files: CgroupFiles): Promise<void> {
  await Promise.all(
    trees.flatMap(({ version, directory }) => [
      written(files, `${directory}/pids.max`, '0'),
      version === 2
        ? written(files, `${directory}/cgroup.freeze`, '1')
        : written(files, `${directory}/freezer.state`, 'FROZEN'),
    ]),
  );
  for (const pid of await membersOf(trees, files)) {
    // A pid of 0 would be this process's own group, and this process is never to die by its own hand.
    if (pid > 0 && pid !== process.pid) kill(pid);
  }
  await Promise.all(
    trees.map(({ version, directory }) =>
      version === 2
        ? written(files, `${directory}/cgroup.freeze`, '0')
        : written(files, `${directory}/freezer.state`, 'THAWED'),
    ),
  );
}

/** Whether the file is there and took the text. */
function written(files: CgroupFiles, path: string, text: string): Promise<boolean> {
  return files.write(path, text).then(
    () => true,
    () => false,
  );
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already, or not ours to kill: what is left is seen at the next look.
  }
}

/** Waits 1, 2, 4, … 50 ms between attempts; `next` resolves with false when patience has ended. */
function backoff({ timeoutMs = DEFAULT_TIMEOUT_MS, signal }: Patience): { next(): Promise<boolean> } {
  const deadline = performance.now() + timeoutMs;
  let delayMs = 1;
  return {
    next: async () => {
      if (signal?.aborted === true || performance.now() >= deadline) return false;
      await sleep(Math.min(delayMs, deadline - performance.now()), undefined, signal ? { signal } : {}).catch(() => {});
      delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
      return true;
    },
  };
}

const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_DELAY_MS = 50;
