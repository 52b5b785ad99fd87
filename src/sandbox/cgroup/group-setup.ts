import { errorCode } from '../error-code.js';
import { SandboxError } from '../errors.js';
import type { CgroupFiles } from './cgroup-files.js';

/** What makes the groups of a task, for whoever starts its first process. */
export interface GroupSetup {
  /** The directories to be made. */
  readonly directories: readonly string[];
  /** What is then written, each in one write. */
  readonly writes: readonly FileWrite[];
  /**
   * The files that the task's first process writes `0` into while it has one thread, each in one write, before it
   * executes anything that it must not be free to do: `0` is who writes, in both versions and in any PID namespace. A
   * write that fails must end the process. All that it starts later is in the groups from the beginning.
   */
  readonly procsFiles: readonly string[];
}

export interface FileWrite {
  readonly path: string;
  readonly value: string;
  /** The kernel errors at which the limit holds all the same, or as well as this kernel can. */
  readonly tolerated: readonly string[];
}

/**
 * Makes groups, and leaves none where that fails.
 * @throws SandboxError kind `sandbox`, code `cgroup_failed` with the `path` and `errno`
 */
export async function makeGroups(setup: GroupSetup, files: CgroupFiles): Promise<void> {
  const made: string[] = [];
  const attempt = async (path: string, action: () => Promise<void>, tolerated: readonly string[] = []) => {
    try {
      await action();
    } catch (error) {
      const errno = errorCode(error);
      if (!tolerated.includes(errno)) throw groupsNotMade(setup, path, errno, error);
    }
  };
  try {
    for (const directory of setup.directories) {
      await attempt(directory, () => files.makeDirectory(directory));
      made.push(directory);
    }
    for (const { path, value, tolerated } of setup.writes) {
      await attempt(path, () => files.write(path, value), tolerated);
    }
  } catch (error) {
    for (const directory of made) await files.removeDirectory(directory).catch(() => {});
    throw error;
  }
}

/** @param path the directory that could not be made, or the file that could not be written */
export function groupsNotMade({ writes }: GroupSetup, path: string, errno: string, cause?: unknown): SandboxError {
  const write = writes.find((candidate) => candidate.path === path);
  const what = write === undefined ? `make the cgroup ${path}` : `write ${write.value} to ${path}`;
  return new SandboxError('sandbox', 'cgroup_failed', `cannot ${what}: ${errno}`, { path, errno }, { cause });
}
