export type { PassedDescriptor } from './messages.js';
export { isLauncherKnown } from './program.js';
export { LauncherSupply } from './supply.js';
