import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { isInside } from '../inside.js';
import { defaultPath } from '../tools.js';

/** The size-capped tmpfs of a sandbox, and the two directories in it that are the task's own. */
export const PRIVATE = '/sandbox';
export const WORKSPACE = '/sandbox/workspace';
export const TEMPORARY = '/sandbox/tmp';

/** What POSIX calls shared memory; its size is limited apart. */
export const SHARED_MEMORY = '/dev/shm';

/** Directories of the system that a task may read. None of them holds anything of a user. */
const SYSTEM_DIRECTORIES = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/opt', '/nix/store'];

/** What programs need of /etc and anybody may know. No passwords, no keys, no host names. */
const SYSTEM_FILES = [
  ...['alternatives', 'ca-certificates', 'fonts', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime'],
  ...['mime.types', 'nsswitch.conf', 'pki/ca-trust/extracted', 'pki/tls/certs', 'protocols', 'services'],
  ...['ssl/cert.pem', 'ssl/certs', 'ssl/openssl.cnf'],
].map((name) => `/etc/${name}`);

/** How names lead to machines: only where a task may use the network. */
const NETWORK_FILES = ['/etc/hosts', '/etc/resolv.conf'];

/** What of the host a sandbox shows, read-only, at the same paths. */
export interface Layout {
  readonly binds: readonly string[];
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

/**
 * Finds what there is to show on this machine.
 * @param readOnlyPaths further absolute paths, as the setting has them
 */
export function findLayout({ network, readOnlyPaths }: { network: boolean; readOnlyPaths: readonly string[] }): Layout {
  const present = SYSTEM_DIRECTORIES.filter((path) => existsSync(path));
  const links = present.filter((path) => lstatSync(path).isSymbolicLink());
  const files = [...SYSTEM_FILES, ...(network ? NETWORK_FILES : [])].filter((path) => existsSync(path));
  return {
    binds: [...present.filter((path) => !links.includes(path)), ...files, ...readOnlyPaths],
    links: links.map((path) => ({ path, target: readlinkSync(path) })),
  };
}

/** The paths of a layout that lie where each sandbox has its own tmpfs, as they are called without links. */
export function bindsInPrivate({ binds }: Layout): string[] {
  const resolved = binds.map((path) => path.replace(/^\/(var\/)?tmp(?=\/)/, TEMPORARY));
  return resolved.filter((path) => isInside(PRIVATE, path));
}

/** Directories that are made for each sandbox, and hold no programs when the command starts. */
const EMPTY_DIRECTORIES = ['/', '/etc', '/var', '/tmp', '/var/tmp', PRIVATE, TEMPORARY];

/** File systems of the kernel, of which each sandbox has its own. Whatever it shows there, it is no program. */
const KERNEL_DIRECTORIES = ['/dev', '/proc'];

/** What the sidecar puts at a path of each sandbox: where it is on the host. */
export type ProvidedFiles = ReadonlyMap<string, string>;

/**
 * The path by which the sidecar reaches what a task would find at an absolute path before it has changed anything;
 * null where the sandbox shows nothing there.
 * @param workspace where the sidecar finds the workspace
 */
export function hostPathOf(layout: Layout, provided: ProvidedFiles, workspace: string, path: string): string | null {
  if (isInside(WORKSPACE, path)) return join(workspace, relative(WORKSPACE, path));
  if (EMPTY_DIRECTORIES.includes(path)) return '/';
  if (KERNEL_DIRECTORIES.some((directory) => isInside(directory, path))) return path;
  return provided.get(path) ?? boundPath(layout, path);
}

function boundPath({ binds }: Layout, path: string): string | null {
  try {
    const target = realpathSync.native(path);
    return binds.some((bind) => isInside(bind, target) || isShownBy(bind, path, target)) ? target : null;
  } catch {
    return null;
  }
}

/** A bind whose path is a link shows what is behind it. */
function isShownBy(bind: string, path: string, target: string): boolean {
  return isInside(bind, path) && isInside(realpathSync.native(bind), target);
}

const STANDARD_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The PATH of a task that sets none: the directories of the sidecar's own that the sandbox shows, or the standard. */
export function visiblePath(layout: Layout): string {
  const own = defaultPath().split(':');
  const visible = [...new Set([...own, ...STANDARD_PATH])].filter(
    (directory) => isAbsolute(directory) && boundPath(layout, directory) !== null,
  );
  return visible.join(':');
}
