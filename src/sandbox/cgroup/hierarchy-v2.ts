import type { CgroupFiles } from './cgroup-files.js';
import { CONTROLLERS_V2, type ControllerV2, delegateControllers } from './delegation.js';
import {
  type FeatureTry,
  type Hierarchy,
  type HierarchyOptions,
  probeFeatures,
  uselessHierarchy,
  whyNotOwn,
} from './hierarchy.js';
import { type CgroupFeature, type CgroupObstacle, obstacleOf } from './support.js';

/** What every version 2 group has, with controllers or without. `cgroup.kill` is there from Linux 5.14 on. */
const CORE_TRIES: readonly FeatureTry[] = [
  { feature: 'cpuTime', file: 'cpu.stat', value: null },
  { feature: 'kill', file: 'cgroup.freeze', value: '0' },
  { feature: 'kill', file: 'cgroup.kill', value: '1' },
];

/** What each controller adds. */
const CONTROLLER_TRIES: Readonly<Record<ControllerV2, FeatureTry>> = {
  memory: { feature: 'memory', file: 'memory.max', value: '1073741824' },
  pids: { feature: 'pids', file: 'pids.max', value: '1000' },
  cpu: { feature: 'cpu', file: 'cpu.max', value: '100000 100000' },
  io: { feature: 'io', file: 'io.stat', value: null },
};

/** The features that a version 2 hierarchy may have. */
export const FEATURES_V2: readonly CgroupFeature[] = ['cpuTime', 'kill', ...CONTROLLERS_V2];

/**
 * Makes the instance's group below the own group of a version 2 hierarchy, and hands it the controllers of the own
 * group as far as `delegateControllers` may. Never rejects: what fails is an obstacle.
 */
export async function openHierarchyV2(
  own: { readonly directory: string },
  { name, pid, helpers, files }: HierarchyOptions,
): Promise<Hierarchy> {
  const directory = `${own.directory}/${name}`;
  const without = (obstacle: CgroupObstacle) => uselessHierarchy(2, directory, FEATURES_V2, obstacle);

  const obstacle = (await whyNotDomain(own.directory, files)) ?? (await whyNotOwn(own.directory, pid, files));
  if (obstacle !== null) return without(obstacle);
  try {
    await files.makeDirectory(directory);
  } catch (error) {
    return without(obstacleOf(`making ${directory}`, error));
  }
  const delegation = await delegateControllers({ own: own.directory, instance: directory, pid, helpers, files });
  const close = async (): Promise<void> => {
    await delegation.giveBack();
    await files.removeDirectory(directory);
  };
  try {
    const tries = [...CORE_TRIES, ...delegation.delegated.map((controller) => CONTROLLER_TRIES[controller])];
    const { features, obstacles } = await probeFeatures(directory, tries, files);
    const refused = new Map([...obstacles, ...delegation.refused]);
    // A group that hands controllers down must not hold processes itself.
    return { version: 2, directory, features, obstacles: refused, joinFile: null, close };
  } catch (error) {
    await close().catch(() => {});
    return without(obstacleOf(`making a group below ${directory}`, error));
  }
}

/** A group in a threaded subtree can neither list its processes nor have controlled groups below it. */
async function whyNotDomain(directory: string, files: CgroupFiles): Promise<CgroupObstacle | null> {
  const path = `${directory}/cgroup.type`;
  const type = (await files.read(path).catch(() => 'domain')).trim();
  return type === 'domain' ? null : { code: 'unsupported', reason: `${path} is '${type}', not 'domain'` };
}
