import { errorCode } from '../error-code.js';
import type { CgroupFiles } from './cgroup-files.js';
import { parsePids } from './file-formats.js';

/** Moves the processes that are in a group itself into another. Rejects with the kernel's error. */
export async function moveMembers(from: string, to: string, files: CgroupFiles): Promise<void> {
  for (const pid of parsePids(await files.read(`${from}/cgroup.procs`))) await moveInto(to, pid, files);
}

/** Moves a process with all its threads. One that has ended in the meantime is no error. */
export async function moveInto(directory: string, pid: number, files: CgroupFiles): Promise<void> {
  await files.write(`${directory}/cgroup.procs`, `${pid}`).catch((error: unknown) => {
    if (errorCode(error) !== 'ESRCH') throw error;
  });
}
