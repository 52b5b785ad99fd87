import type { Readable, Writable } from 'node:stream';
import type { FifoPool } from './fifo-pool.js';
import type { PassedDescriptor } from './launcher/index.js';
import { openInputPipe, openOutputPipe } from './pipe.js';
import { type PipeOwner, PipeSet } from './pipe-set.js';

/** The three standard streams of one command. */
export interface TaskStdio {
  /** What the command is spawned with: descriptors of real pipes; null is /dev/null. */
  readonly child: readonly [stdin: PassedDescriptor | null, stdout: PassedDescriptor, stderr: PassedDescriptor];
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** To be called once the command has been spawned, or could not be, so that end of file can be seen. */
  closeChildEnds(): void;
  /** To be called when no process of the command is left, or, with `isLeft`, none can be got rid of. Idempotent. */
  release(isLeft?: boolean): void;
}

/**
 * Opens real pipes for a command.
 * @param owner the user that is to own them; null where that is the sidecar's
 * @throws SandboxError kind `sandbox` where there are none
 */
export async function openTaskStdio(
  pool: FifoPool,
  stdin: 'none' | 'pipe',
  owner: PipeOwner | null,
): Promise<TaskStdio> {
  const [out, err, input] = await pool.take(stdin === 'pipe' ? 3 : 2);
  const pipes = new PipeSet(owner, pool);
  try {
    const stdout = pipes.open(openOutputPipe, out!);
    const stderr = pipes.open(openOutputPipe, err!);
    const feed = input === undefined ? null : pipes.open(openInputPipe, input);
    return {
      child: [feed?.childEnd ?? null, stdout.childEnd, stderr.childEnd],
      stdin: feed?.stream ?? null,
      stdout: stdout.stream,
      stderr: stderr.stream,
      closeChildEnds: () => pipes.closeChildEnds(),
      release: (isLeft) => pipes.release(isLeft),
    };
  } catch (error) {
    pipes.release(false);
    throw error;
  }
}
