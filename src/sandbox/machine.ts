import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of a machine decides how its user gets to more enforcement. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Whether this process is root. */
  readonly isRoot: boolean;
  /** Whether systemd is the init: only then is there somebody to ask for a delegated cgroup. */
  readonly hasSystemd: boolean;
  /** Whether this is a container: kernel settings are then the host's, and mounts and filters the container engine's. */
  readonly isContainer: boolean;
  /** Whether cgroups are version 2 alone: version 1 is never delegated to users. */
  readonly isUnified: boolean;
  /** Whether the kernel was built with user namespaces. */
  readonly hasUserNamespaces: boolean;
  /** The distribution and those that it is like, as os-release(5) has them. */
  readonly distributions: readonly string[];
  /** A setting as sysctl(8) names it; null where this kernel does not have it. */
  kernelSetting(name: string): string | null;
}

const CONTAINER_MARKS = ['.dockerenv', 'run/.containerenv', 'run/systemd/container'];

/**
 * Looks at the machine that this process runs on.
 * @param root where its file system is found
 */
export function thisMachine(root = '/'): Machine {
  const has = (path: string) => existsSync(join(root, path));
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    hasSystemd: has('run/systemd/system'),
    isContainer: CONTAINER_MARKS.some(has),
    isUnified: has('sys/fs/cgroup/cgroup.controllers'),
    hasUserNamespaces: has('proc/self/ns/user'),
    distributions: distributionsOf(textOf(join(root, 'etc/os-release')) ?? ''),
    kernelSetting: (name) => textOf(join(root, 'proc/sys', name.replaceAll('.', '/')))?.trim() ?? null,
  };
}

/** `ID=ubuntu` and `ID_LIKE="debian"` are `ubuntu` and `debian`. */
function distributionsOf(osRelease: string): string[] {
  const values = ['ID', 'ID_LIKE'].map((key) => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(osRelease)?.[1] ?? '');
  return values.flatMap((value) => value.split(' ')).filter((name) => name !== '');
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
