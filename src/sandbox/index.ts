export * from './backend.js';
export { adviseBubblewrap } from './bubblewrap/index.js';
export { adviseCgroups, type CgroupFeatureSupport, type CgroupSupport } from './cgroup/index.js';
export * from './command-policy.js';
export * from './errors.js';
export { closeInheritedDescriptors } from './inherited-descriptors.js';
export { type Machine, thisMachine } from './machine.js';
export * from './manager.js';
export { type SweepReport, sweepInstance } from './sweep.js';
