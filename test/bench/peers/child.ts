import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Where the program of a peer lies, beside the built bench. */
export function childProgram(name: string): string {
  return fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));
}

/** Kills a child and waits until it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
