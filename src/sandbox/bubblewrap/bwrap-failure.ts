import { text } from 'node:stream/consumers';
import { SandboxError } from '../errors.js';
import type { SpawnedCommand } from '../spawn-command.js';

/** Why a sandbox could not be made or filled: nobody but who was to do it writes to its standard error by then. */
export async function bwrapFailure(
  spawned: Pick<SpawnedCommand, 'exited' | 'stderr'>,
  what: 'made' | 'filled',
): Promise<SandboxError> {
  const [exit, said] = await Promise.all([spawned.exited, text(spawned.stderr)]);
  const reason = said.trim() || `it ended with ${exit.signal ?? `exit code ${exit.exitCode}`} and said nothing`;
  return new SandboxError('sandbox', 'sandbox_failed', `the sandbox could not be ${what}: ${reason}`, { reason });
}
