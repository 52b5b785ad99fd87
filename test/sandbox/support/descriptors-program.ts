import { closeInheritedDescriptors } from '../../../src/sandbox/index.js';

/** Prints the descriptors that it has closed. */
console.log(JSON.stringify(closeInheritedDescriptors()));
