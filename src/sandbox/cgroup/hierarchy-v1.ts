import type { CgroupFiles } from './cgroup-files.js';
import { removeGroups } from './group-tree.js';
import {
  type FeatureTry,
  type Hierarchy,
  type HierarchyOptions,
  probeFeatures,
  uselessHierarchy,
  whyNotOwn,
} from './hierarchy.js';
import { moveMembers } from './move-members.js';
import { type CgroupFeature, type CgroupObstacle, obstacleOf } from './support.js';

/** What each version 1 controller is for, and how that is tried. */
const TRIES: Readonly<Record<string, readonly FeatureTry[]>> = {
  memory: [{ feature: 'memory', file: 'memory.limit_in_bytes', value: '1073741824' }],
  pids: [
    { feature: 'pids', file: 'pids.max', value: '1000' },
    // No member can fork any more at a maximum of 0, so that killing one after the other comes to an end.
    { feature: 'kill', file: 'pids.max', value: '0' },
  ],
  // The smallest rate there is: a larger one could exceed the cap of a group above, which the kernel refuses.
  cpu: [{ feature: 'cpu', file: 'cpu.cfs_quota_us', value: '1000' }],
  cpuacct: [{ feature: 'cpuTime', file: 'cpuacct.usage', value: null }],
  freezer: [{ feature: 'kill', file: 'freezer.state', value: 'THAWED' }],
};

/** The features that a version 1 hierarchy with these controllers may have. */
export function featuresV1(controllers: readonly string[]): CgroupFeature[] {
  return triesOf(controllers).map(({ feature }) => feature);
}

/**
 * What all tasks of an instance weigh together, of which any other group or session has 1,024. With 1,024 sandboxes take
 * some 5 % longer to be made; with 2,048 the host's event loop waits a quarter longer.
 */
const COMMANDS_SHARES = '1536';

/** Makes the instance's group below the own group of a version 1 hierarchy. Never rejects: what fails is an obstacle. */
export async function openHierarchyV1(
  own: { readonly controllers: readonly string[]; readonly directory: string },
  { name, pid, files }: HierarchyOptions,
): Promise<Hierarchy> {
  const directory = `${own.directory}/${name}`;
  const without = (obstacle: CgroupObstacle) => uselessHierarchy(1, directory, featuresV1(own.controllers), obstacle);

  const obstacle = (await whyNotOwn(own.directory, pid, files)) ?? (await whyNotNested(own, files));
  if (obstacle !== null) return without(obstacle);
  try {
    await files.makeDirectory(directory);
  } catch (error) {
    return without(obstacleOf(`making ${directory}`, error));
  }
  if (own.controllers.includes('cpu')) {
    // Where that may not be written, tasks weigh together as much as any other group.
    await files.write(`${directory}/cpu.shares`, COMMANDS_SHARES).catch(() => {});
  }
  try {
    const probed = await probeFeatures(directory, triesOf(own.controllers), files);
    return {
      ...{ version: 1, directory, ...probed },
      joinFile: `${directory}/tasks`,
      close: async () => {
        await moveMembers(directory, own.directory, files);
        await removeGroups([{ version: 1, directory }], files);
      },
    };
  } catch (error) {
    await files.removeDirectory(directory).catch(() => {});
    return without(obstacleOf(`making a group below ${directory}`, error));
  }
}

function triesOf(controllers: readonly string[]): readonly FeatureTry[] {
  return controllers.flatMap((controller) => TRIES[controller] ?? []);
}

/** Kernels before 5.11 let a memory group out of the limits around it unless told otherwise. */
async function whyNotNested(
  own: { readonly controllers: readonly string[]; readonly directory: string },
  files: CgroupFiles,
): Promise<CgroupObstacle | null> {
  if (!own.controllers.includes('memory')) return null;
  const path = `${own.directory}/memory.use_hierarchy`;
  const text = await files.read(path).catch(() => '1');
  return text.trim() === '0'
    ? { code: 'unsupported', reason: `${path} is 0: a group below would escape the memory limit of the own group` }
    : null;
}
