import { errorCode } from '../error-code.js';

/** What cgroups can do for a task: each comes from one hierarchy, of version 2 or 1. */
export const CGROUP_FEATURES = ['memory', 'pids', 'cpu', 'cpuTime', 'kill', 'io'] as const;

/**
 * - `memory`, `pids`, `cpu`: a limit on memory, on tasks alive at once, on the CPU rate.
 * - `cpuTime`: the exact CPU time of everything that ever ran in the group.
 * - `kill`: killing every member, with no way to fork out of it.
 * - `io`: bytes read from and written to devices (version 2 only: version 1 does not attribute buffered writes).
 */
export type CgroupFeature = (typeof CGROUP_FEATURES)[number];

/**
 * Why a feature is not to be had:
 *
 * - `unsupported`: this system or kernel does not have it.
 * - `not_mounted`: no mounted hierarchy has the controller.
 * - `outside`: the hierarchy is mounted, but the sidecar's own group is not to be seen there.
 * - `not_writable`: groups cannot be made or limits written for want of permission.
 * - `not_delegated`: the groups above do not hand the controller down.
 * - `busy`: the sidecar's own group holds other processes too, and version 2 then allows no controlled groups below it.
 * - `failed`: the kernel refused for another reason.
 */
export type CgroupObstacleCode =
  | 'unsupported'
  | 'not_mounted'
  | 'outside'
  | 'not_writable'
  | 'not_delegated'
  | 'busy'
  | 'failed';

/** Why something is not to be had: `reason` names the file, the error or the processes. */
export interface CgroupObstacle {
  readonly code: CgroupObstacleCode;
  readonly reason: string;
}

/** Whether a feature is there, and from which version; or why not. */
export type CgroupFeatureSupport =
  | { readonly available: true; readonly mechanism: 'cgroup-v1' | 'cgroup-v2' }
  | ({ readonly available: false } & CgroupObstacle);

/** What cgroups can do here, found by making a group and writing to it. */
export type CgroupSupport = Readonly<Record<CgroupFeature, CgroupFeatureSupport>>;

/** The obstacle that an error of the kernel amounts to. `what` names what was tried, path included. */
export function obstacleOf(what: string, error: unknown): CgroupObstacle {
  const errno = errorCode(error);
  const reason = `${what}: ${errno}`;
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') return { code: 'not_writable', reason };
  if (errno === 'ENOENT') return { code: 'unsupported', reason };
  if (errno === 'EBUSY') return { code: 'busy', reason };
  return { code: 'failed', reason };
}
