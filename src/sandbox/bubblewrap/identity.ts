import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ProvidedFiles, WORKSPACE } from './layout.js';

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

/** The user that processes are started as, and whose their pipes are; null where that is the sidecar's own. */
export function changedUser(user: TaskUser): TaskUser | null {
  return process.getuid?.() === 0 ? user : null;
}

export interface IdentityOptions {
  readonly user: TaskUser;
  /** Whether tasks find the machines that the host finds. */
  readonly network: boolean;
}

/** Writes the files by which users and machines have their names in a sandbox, instead of the host's. */
export function writeIdentityFiles(directory: string, options: IdentityOptions): ProvidedFiles {
  const { uid, gid } = options.user;
  const contents = {
    '/etc/passwd': `sandbox:x:${uid}:${gid}:sandbox:${WORKSPACE}:/bin/sh\n`,
    '/etc/group': `sandbox:x:${gid}:\n`,
    ...(!options.network && { '/etc/hosts': '127.0.0.1 localhost sandbox\n::1 localhost\n' }),
  };
  const written = Object.entries(contents).map(([path, text]) => {
    const file = join(directory, basename(path));
    writeFileSync(file, text);
    return [path, file] as const;
  });
  return new Map(written);
}
