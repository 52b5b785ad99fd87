export type { PassedDescriptor } from './messages.js';
export { isForkServerKnown } from './program.js';
export { ForkServerSupply } from './supply.js';
