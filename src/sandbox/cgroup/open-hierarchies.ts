import { type Hierarchy, type HierarchyOptions, uselessHierarchy } from './hierarchy.js';
import { featuresV1, openHierarchyV1 } from './hierarchy-v1.js';
import { FEATURES_V2, openHierarchyV2 } from './hierarchy-v2.js';
import type { OwnGroup } from './own-groups.js';
import {
  CGROUP_FEATURES,
  type CgroupFeature,
  type CgroupFeatureSupport,
  type CgroupObstacle,
  type CgroupSupport,
} from './support.js';

/**
 * Opens the hierarchies that together give every feature that is to be had, version 2 first; version 1 for what is
 * then still missing. Where that is memory, version 1 is to give the rest too if it can: to move into a version 2 group
 * takes milliseconds, for which a machine with both has nothing to show. Those of no use are not kept: each would cost
 * every task a group to make, to join and to remove.
 * @param own the groups of this process, or null where the system has no cgroups
 */
export async function openHierarchies(
  own: readonly OwnGroup[] | null,
  options: HierarchyOptions,
): Promise<{ hierarchies: Hierarchy[]; support: CgroupSupport }> {
  const ofVersion = (version: 1 | 2) => (own ?? []).filter((group) => group.version === version);
  const version2 = await Promise.all(ofVersion(2).map((group) => open(group, options)));
  const isBeside = !version2.some(({ features }) => features.has('memory'));
  const missing = CGROUP_FEATURES.filter(
    (feature) => isBeside || !version2.some(({ features }) => features.has(feature)),
  );
  const version1 = await Promise.all(
    ofVersion(1)
      .filter((group) => featuresOf(group).some((feature) => missing.includes(feature)))
      .map((group) => open(group, options)),
  );
  const isReplaced = ({ features }: Hierarchy) =>
    isBeside &&
    features.size > 0 &&
    [...features].every((feature) => version1.some((other) => other.features.has(feature)));
  const replaced = version2.filter(isReplaced);
  const tried = [...version2.filter((hierarchy) => !isReplaced(hierarchy)), ...version1];
  const isOutdone = ({ features }: Hierarchy) =>
    tried.some(
      (other) => other.features.size > features.size && [...features].every((feature) => other.features.has(feature)),
    );
  const none = own === null ? NO_CGROUPS : NOT_MOUNTED;
  const support = Object.fromEntries(
    CGROUP_FEATURES.map((feature) => [feature, supportOf(feature, tried, none)]),
  ) as Record<CgroupFeature, CgroupFeatureSupport>;
  const useless = tried.filter((hierarchy) => hierarchy.features.size === 0 || isOutdone(hierarchy));
  await Promise.all([...replaced, ...useless].map((hierarchy) => hierarchy.close().catch(() => {})));
  return { hierarchies: tried.filter((hierarchy) => !useless.includes(hierarchy)), support };
}

/** What a hierarchy may be good for, by its version and controllers. */
export function featuresOf({ version, controllers }: OwnGroup): readonly CgroupFeature[] {
  return version === 2 ? FEATURES_V2 : featuresV1(controllers);
}

function open(own: OwnGroup, options: HierarchyOptions): Promise<Hierarchy> {
  const { directory } = own;
  if (directory === null) return Promise.resolve(uselessHierarchy(own.version, '', featuresOf(own), unseen(own)));
  return own.version === 2 ? openHierarchyV2({ directory }, options) : openHierarchyV1({ ...own, directory }, options);
}

function unseen({ version, controllers, path, mounted }: OwnGroup): CgroupObstacle {
  const hierarchy = version === 2 ? 'the version 2 hierarchy' : `the hierarchy of ${controllers.join(', ')}`;
  return mounted
    ? { code: 'outside', reason: `${hierarchy} is mounted without the own group ${path}` }
    : { code: 'not_mounted', reason: `${hierarchy} is not mounted` };
}

function supportOf(feature: CgroupFeature, tried: readonly Hierarchy[], none: CgroupObstacle): CgroupFeatureSupport {
  const provider = tried.find(({ features }) => features.has(feature));
  if (provider !== undefined) return { available: true, mechanism: `cgroup-v${provider.version}` };
  // A controller that is bound to version 1 is missing from version 2 for that reason alone: version 1 knows better.
  const obstacle = tried.findLast(({ obstacles }) => obstacles.has(feature))?.obstacles.get(feature) ?? none;
  return { available: false, ...obstacle };
}

const NO_CGROUPS: CgroupObstacle = { code: 'unsupported', reason: 'this system has no cgroups' };
const NOT_MOUNTED: CgroupObstacle = { code: 'not_mounted', reason: 'no hierarchy with its controller is mounted' };
