import { posix } from 'node:path';
import { parseMemberships } from './memberships.js';
import { type CgroupMount, parseMountInfo } from './mount-info.js';

/** The group that this process is in, in one hierarchy. */
export interface OwnGroup {
  readonly version: 1 | 2;
  /** The controllers of the hierarchy where its mount says them (version 1). */
  readonly controllers: readonly string[];
  /** The group's name as the kernel gives it to this process. */
  readonly path: string;
  /** The group's directory, or null where no mount shows it. */
  readonly directory: string | null;
  /** Whether the hierarchy is mounted at all. */
  readonly mounted: boolean;
}

/**
 * The groups that a process is in, with their directories, from its `/proc/<pid>/cgroup` and `/proc/<pid>/mountinfo`.
 *
 * A mount may show only a part of its hierarchy, as in a container: its root is then taken off the group's name, and
 * a group that lies outside that part has no directory. Of several mounts that show the group, a writable one wins.
 */
export function locateOwnGroups(memberships: string, mountInfo: string): OwnGroup[] {
  const mounts = parseMountInfo(mountInfo);
  return parseMemberships(memberships).map(({ version, controllers, path }) => {
    const ofHierarchy = mounts.filter((mount) => mount.version === version && showsAll(mount, controllers));
    const candidates = ofHierarchy
      .map((mount) => ({ readOnly: mount.readOnly, directory: directoryBelow(mount, path) }))
      .filter((candidate) => candidate.directory !== null);
    const best = candidates.find((candidate) => !candidate.readOnly) ?? candidates[0];
    return { version, controllers, path, directory: best?.directory ?? null, mounted: ofHierarchy.length > 0 };
  });
}

/** Whether a mount is of the hierarchy with exactly these controllers: each controller is in one hierarchy only. */
function showsAll(mount: CgroupMount, controllers: readonly string[]): boolean {
  return controllers.every((controller) => mount.superOptions.includes(controller));
}

/**
 * Where a mount shows a group, or null where the group lies outside what it shows. A `..` in either says that it lies
 * outside the process's cgroup namespace, where names are not to be known.
 */
function directoryBelow(mount: CgroupMount, path: string): string | null {
  if (path === mount.root) return mount.mountPoint;
  const [root, group] = [segments(mount.root), segments(path)];
  if (root.includes('..') || group.includes('..')) return null;
  if (root.some((segment, index) => segment !== group[index])) return null;
  return posix.join(mount.mountPoint, ...group.slice(root.length));
}

function segments(path: string): string[] {
  return path.split('/').filter(Boolean);
}
