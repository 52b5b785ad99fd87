export { adviseCgroups } from './advice.js';
export { type GroupSetup, groupsNotMade } from './group-setup.js';
export type { Patience } from './group-tree.js';
export type { CgroupLimits } from './limit-writes.js';
export { CgroupManager, type CgroupManagerOptions } from './manager.js';
export { probeCgroups } from './probe.js';
export {
  CGROUP_FEATURES,
  type CgroupFeature,
  type CgroupFeatureSupport,
  type CgroupObstacleCode,
  type CgroupSupport,
} from './support.js';
export { type CgroupSweep, sweepCgroups } from './sweep.js';
export type { TaskCgroup } from './task-cgroup.js';
export type { CgroupEvents, CgroupTotals, CgroupUsage, CpuUsage } from './usage.js';
export { isOutOfMemory } from './usage.js';
