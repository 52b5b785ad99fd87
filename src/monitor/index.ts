export * from './errors.js';
export type { MonitorHandle } from './monitor-handle.js';
export * from './monitor-target.js';
export * from './resource-monitor.js';
export * from './usage-sampler.js';
