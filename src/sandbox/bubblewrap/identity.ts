import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Who tasks are, on the host and in the sandbox alike: never root. */
export interface TaskUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user of tasks: the sidecar's own, or where that is root, the one that the setting names. */
export function taskUser(sandboxUid: number): TaskUser {
  const uid = process.getuid?.() ?? sandboxUid;
  const gid = process.getgid?.() ?? sandboxUid;
  return uid === 0 ? { uid: sandboxUid, gid: sandboxUid } : { uid, gid };
}

/** The files by which names are found in a sandbox, instead of the host's. */
export interface IdentityFiles {
  readonly passwd: string;
  readonly group: string;
  readonly hosts: string;
}

/** Writes the files of a user into a directory. */
export async function writeIdentityFiles(directory: string, { uid, gid }: TaskUser): Promise<IdentityFiles> {
  const files = { passwd: join(directory, 'passwd'), group: join(directory, 'group'), hosts: join(directory, 'hosts') };
  await Promise.all([
    writeFile(files.passwd, `sandbox:x:${uid}:${gid}:sandbox:/sandbox/workspace:/bin/sh\n`),
    writeFile(files.group, `sandbox:x:${gid}:\n`),
    writeFile(files.hosts, '127.0.0.1 localhost sandbox\n::1 localhost\n'),
  ]);
  return files;
}
