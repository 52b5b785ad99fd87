export { assembleSeccompFilter, seccompArchitecture } from './filter.js';
export type { SeccompArchitecture } from './syscall-numbers.js';
