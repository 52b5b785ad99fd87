import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Runner } from '../line.js';
import { lanes } from '../loads/lanes.js';

/** Where the program of a peer lies, beside the built bench. */
export function childProgram(name: string): string {
  return fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));
}

/** A child that answers, as a contestant of pings, so many at once. Disposing of it kills the child. */
export async function echoRunner(child: ChildProcess, inFlight: number, ping: () => Promise<unknown>): Promise<Runner> {
  await ping();
  return {
    round: (options) => lanes(inFlight, options, ping),
    [Symbol.asyncDispose]: () => killed(child),
  };
}

/** Kills a child and waits until it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
