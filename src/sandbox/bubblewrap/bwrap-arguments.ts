import { type Layout, PRIVATE, SHARED_MEMORY, TEMPORARY, WORKSPACE } from './layout.js';

/** The descriptors that bubblewrap and the launcher in the sandbox are given, beside the standard streams. */
export const DESCRIPTORS = {
  status: 3,
  script: 4,
  json: 5,
  files: 6,
  stdin: 7,
  seccomp: 8,
  /** The first of the provided files, which follow each other. */
  provided: 9,
} as const;

export interface BwrapOptions {
  readonly layout: Layout;
  readonly network: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly privateBytes: number;
  readonly sharedMemoryBytes: number;
  /** Whether a filter is passed on its descriptor. */
  readonly seccomp: boolean;
  /** The paths of the files that are passed on descriptors, */
  readonly provided: readonly string[];
  /** which follow each other from this one on. */
  readonly providedFrom: number;
}

/**
 * The options of bubblewrap for one sandbox. All namespaces are new, everything that the task did not make is
 * read-only, and what it can write to, memory aside, is one tmpfs of a fixed size and a small /dev/shm. What is shown of
 * the host comes after that tmpfs and the links to it, so that it may lie below /tmp.
 */
export function bwrapArguments(options: BwrapOptions): string[] {
  const { layout, network, uid, gid, privateBytes, sharedMemoryBytes, seccomp, provided, providedFrom } = options;
  return [
    ...['--unshare-all', ...(network ? ['--share-net'] : [])],
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
    ...['--uid', `${uid}`, '--gid', `${gid}`],
    ...['--perms', '0755', '--dir', '/etc'],
    ...['--size', `${privateBytes}`, '--perms', '0700', '--tmpfs', PRIVATE],
    ...['--perms', '0700', '--dir', WORKSPACE, '--perms', '0700', '--dir', TEMPORARY],
    ...['--symlink', TEMPORARY.slice(1), '/tmp', '--dir', '/var', '--symlink', `..${TEMPORARY}`, '/var/tmp'],
    ...layout.binds.flatMap((path) => ['--ro-bind-try', path, path]),
    ...layout.links.flatMap(({ path, target }) => ['--symlink', target, path]),
    ...provided.flatMap((path, index) => ['--perms', '0444', '--file', `${providedFrom + index}`, path]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--size', `${sharedMemoryBytes}`, '--perms', '1777', '--tmpfs', SHARED_MEMORY],
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...(seccomp ? ['--seccomp', `${DESCRIPTORS.seccomp}`] : []),
    ...['--chdir', WORKSPACE],
  ];
}
