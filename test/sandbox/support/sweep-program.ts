import { sweepInstance } from '../../../src/sandbox/index.js';

/** What the guardian runs: sweeps the instance directory that is its last argument. */
await sweepInstance(process.argv.at(-1) ?? '');
