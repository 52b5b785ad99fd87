import type { CgroupFiles } from './cgroup-files.js';
import { parsePids } from './file-formats.js';
import { type CgroupFeature, type CgroupObstacle, obstacleOf } from './support.js';

/** One hierarchy in which this sidecar has made a group of its own, below the group that it is in. */
export interface Hierarchy extends ProbedFeatures {
  readonly version: 1 | 2;
  /** The instance's group: `<own group>/exec-sidecar-<instance>`. The groups of tasks are made below it. */
  readonly directory: string;
  /** The file by which a thread joins the instance's group itself; null where the hierarchy lets nobody be in it. */
  readonly joinFile: string | null;
  /**
   * Removes the instance's group. The groups of tasks must be gone; who has joined it is moved back. Rejects with the
   * kernel's error.
   */
  close(): Promise<void>;
}

/** What the groups below an instance's group can do, and why they cannot do the rest of what the hierarchy is for. */
export interface ProbedFeatures {
  readonly features: ReadonlySet<CgroupFeature>;
  readonly obstacles: ReadonlyMap<CgroupFeature, CgroupObstacle>;
}

/** What a hierarchy is opened with. */
export interface HierarchyOptions {
  /** The name of the instance's group. */
  readonly name: string;
  /** This process. */
  readonly pid: number;
  /** What it has started so far. */
  readonly helpers: readonly number[];
  readonly files: CgroupFiles;
}

/** A feature works where `value` can be written to `file`, or `file` be read where the value is null. */
export interface FeatureTry {
  readonly feature: CgroupFeature;
  readonly file: string;
  readonly value: string | null;
}

/**
 * Makes a group below `directory`, tries each feature in it, and removes it again. Of several tries of one feature one
 * that works is enough. Rejects where that group cannot be made.
 */
export async function probeFeatures(
  directory: string,
  tries: readonly FeatureTry[],
  files: CgroupFiles,
): Promise<ProbedFeatures> {
  const probe = `${directory}/probe`;
  await files.makeDirectory(probe);
  const features = new Set<CgroupFeature>();
  const obstacles = new Map<CgroupFeature, CgroupObstacle>();
  try {
    for (const { feature, file, value } of tries) {
      const path = `${probe}/${file}`;
      try {
        await (value === null ? files.read(path) : files.write(path, value));
        features.add(feature);
      } catch (error) {
        obstacles.set(feature, obstacleOf(value === null ? `reading ${path}` : `writing ${value} to ${path}`, error));
      }
    }
  } finally {
    await files.removeDirectory(probe);
  }
  for (const feature of features) obstacles.delete(feature);
  return { features, obstacles };
}

/** A hierarchy that is of no use, for one reason. Nothing has been made in it. */
export function uselessHierarchy(
  version: 1 | 2,
  directory: string,
  features: readonly CgroupFeature[],
  obstacle: CgroupObstacle,
): Hierarchy {
  const obstacles = new Map(features.map((feature) => [feature, obstacle]));
  return { version, directory, features: new Set(), obstacles, joinFile: null, close: () => Promise.resolve() };
}

/**
 * Why groups must not be made below `directory`, or null where they may: it must hold this process, for otherwise it
 * is not its own group, and what is made there could escape the limits around this process.
 */
export async function whyNotOwn(directory: string, pid: number, files: CgroupFiles): Promise<CgroupObstacle | null> {
  const path = `${directory}/cgroup.procs`;
  const members = await files.read(path).then(parsePids, (error: unknown) => obstacleOf(`reading ${path}`, error));
  if (!Array.isArray(members)) return members;
  if (members.includes(pid)) return null;
  return { code: 'outside', reason: `${path} does not list this process (${pid}), so it is not its own group` };
}
