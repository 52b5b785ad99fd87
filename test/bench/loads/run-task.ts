import type { Sidecar } from 'exec-sidecar';

/** Runs a command as a task. @throws Error where it does not succeed: nothing is measured then */
export async function runTask(sidecar: Sidecar, command: string): Promise<void> {
  const { status, error } = await sidecar.run(command);
  if (status !== 'success') throw new Error(`${command} ended with ${status}: ${error?.message}`);
}
