import type { ChildProcess } from 'node:child_process';
import type { Runner } from '../line.js';
import { lanes } from '../loads/lanes.js';
import { killed } from './child.js';

/** A child that answers, as a contestant of pings, so many at once. Disposing of it kills the child. */
export async function echoRunner(child: ChildProcess, inFlight: number, ping: () => Promise<unknown>): Promise<Runner> {
  await ping();
  return {
    round: (options) => lanes(inFlight, options, ping),
    [Symbol.asyncDispose]: () => killed(child),
  };
}
