export type { ForkedSandbox } from './forked-sandbox.js';
export type { Filling, PassedDescriptor, SandboxCommand, SandboxOrder, TemplateNamespace } from './orders.js';
export { ForkServerSupply } from './supply.js';
export { isForkServerKnown } from './system-calls.js';
