import { posix } from 'node:path';
import { errorCode } from '../error-code.js';
import { type CgroupFiles, kernelCgroupFiles } from './cgroup-files.js';
import { SUPERVISOR, undoDelegation } from './delegation.js';
import { membersOf, type Patience, removeGroups } from './group-tree.js';
import { GROUP_ID, INSTANCE_PREFIX } from './manager.js';

/** What became of the directories that a sweep was given. */
export interface CgroupSweep {
  /** Those that are gone now, or were already. */
  readonly gone: readonly string[];
  readonly left: readonly { readonly directory: string; readonly reason: string }[];
}

/**
 * Kills what a dead instance left running in the groups of its tasks, and removes them with its own. It is for the
 * caller to know that the instance is dead; a helper that the instance had started may be the caller. Never rejects.
 *
 * What was written down may be damaged, so a path is touched only where it is a cgroup and bears the name of an
 * instance, and never while this process is itself in a group of a task there.
 * @param directories what the instance's manager had given to `record`
 */
export async function sweepCgroups(
  directories: readonly string[],
  { files = kernelCgroupFiles, patience = {} }: { files?: CgroupFiles; patience?: Patience } = {},
): Promise<CgroupSweep> {
  const gone: string[] = [];
  const left: { directory: string; reason: string }[] = [];
  for (const directory of directories) {
    const reason = await sweep(directory, files, patience);
    if (reason === null) gone.push(directory);
    else left.push({ directory, reason });
  }
  return { gone, left };
}

/** Why the directory is left, or null where it is gone. */
async function sweep(directory: string, files: CgroupFiles, patience: Patience): Promise<string | null> {
  const name = posix.basename(directory);
  if (!name.startsWith(INSTANCE_PREFIX) || !GROUP_ID.test(name.slice(INSTANCE_PREFIX.length))) {
    return `'${name}' is not the name of an instance's group`;
  }
  if (isGone(directory, files)) return null;
  if (!(await files.isCgroup(directory))) return 'it is not a cgroup';
  try {
    const version = await versionOf(directory, files);
    const groups = files.children(directory).filter((child) => child !== SUPERVISOR);
    const trees = groups.map((child) => ({ version, directory: `${directory}/${child}` }));
    if ((await membersOf(trees, files)).includes(process.pid)) return 'this process is in a group of a task';
    await removeGroups(trees, files, patience);
    await undoDelegation({ own: posix.dirname(directory), instance: directory, files });
    await removeGroups([{ version, directory }], files, patience);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isGone(directory: string, files: CgroupFiles): boolean {
  try {
    files.children(directory);
    return false;
  } catch (error) {
    return errorCode(error) === 'ENOENT';
  }
}

async function versionOf(directory: string, files: CgroupFiles): Promise<1 | 2> {
  return files.read(`${directory}/cgroup.controllers`).then(
    () => 2,
    () => 1,
  );
}
