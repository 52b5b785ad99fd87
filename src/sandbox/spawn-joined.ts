import { closeSync } from 'node:fs';
import { SandboxError } from './errors.js';
import { LineReader } from './line-reader.js';
import { openOutputPipe } from './pipe.js';
import { type SpawnedCommand, type SpawnRequest, spawnCommand } from './spawn-command.js';

/**
 * Spawns a command whose shim joins cgroups first, and waits until it has: from then on it is within its limits.
 * @throws SandboxError kind `sandbox` where it cannot be spawned or cannot join, naming the file
 */
export async function spawnJoined(request: SpawnRequest, procsFiles: readonly string[]): Promise<SpawnedCommand> {
  if (procsFiles.length === 0 || request.fifos === null) return spawnCommand(request);
  const [fifo] = await request.fifos.take(1);
  const pipe = openOutputPipe(fifo!);
  const refusals = new LineReader(pipe.stream);
  try {
    const spawned = await spawnCommand({ ...request, descriptors: [pipe.childEnd.fd] }).finally(() =>
      closeSync(pipe.childEnd.fd),
    );
    const refused = await refusals.next();
    if (refused === null) return spawned;
    spawned.release(true);
    throw new SandboxError('sandbox', 'cgroup_failed', `the task cannot join its cgroup: writing ${refused} failed`, {
      path: refused,
    });
  } finally {
    refusals.close();
    request.fifos.giveBack(fifo!);
  }
}
