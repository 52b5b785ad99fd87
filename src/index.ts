/**
 * The sidecar as a library: the executor without frames, and the sidecar on streams of your own.
 * Programs that want to drive a sidecar process use the client instead.
 */
export * from './executor/index.js';
export { ResourceMonitor } from './monitor/index.js';
export { SandboxError, SandboxManager, type SandboxManagerOptions } from './sandbox/index.js';
export {
  runSidecar,
  SettingsError,
  SettingsLayers,
  type SidecarOptions,
  streamSink,
  VERSION,
} from './sidecar/index.js';
export * from './tracking/index.js';
