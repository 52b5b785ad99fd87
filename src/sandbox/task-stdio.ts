import { closeSync, fchownSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';
import type { FifoPool } from './fifo-pool.js';
import { openInputPipe, openOutputPipe, type Pipe } from './pipe.js';

/** The three standard streams of one command. */
export interface TaskStdio {
  /** What the command is spawned with: descriptors of real pipes. */
  readonly child: readonly [stdin: number | 'ignore', stdout: number, stderr: number];
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** To be called once the command has been spawned, or could not be, so that end of file can be seen. */
  closeChildEnds(): void;
  /** To be called when no process of the command is left. Idempotent. */
  release(): void;
}

export interface PipeOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Opens real pipes for a command.
 * @param owner the user that is to own them, where it is not the sidecar's
 * @throws SandboxError kind `sandbox` where there are none
 */
export async function openTaskStdio(pool: FifoPool, stdin: 'none' | 'pipe', owner?: PipeOwner): Promise<TaskStdio> {
  const [out, err, input] = await pool.take(stdin === 'pipe' ? 3 : 2);
  const opened: Pipe<Readable | Writable>[] = [];
  const keep = <Stream extends Readable | Writable>(pipe: Pipe<Stream>): Pipe<Stream> => {
    opened.push(pipe);
    if (owner !== undefined) fchownSync(pipe.childEnd, owner.uid, owner.gid);
    return pipe;
  };
  const closeChildEnds = () => {
    for (const { childEnd } of opened) closeSync(childEnd);
  };
  const release = () => {
    for (const pipe of opened) pipe.release();
  };
  try {
    const stdout = keep(openOutputPipe(out!));
    const stderr = keep(openOutputPipe(err!));
    const feed = input === undefined ? null : keep(openInputPipe(input));
    return {
      child: [feed?.childEnd ?? 'ignore', stdout.childEnd, stderr.childEnd],
      stdin: feed?.stream ?? null,
      stdout: stdout.stream,
      stderr: stderr.stream,
      closeChildEnds,
      release,
    };
  } catch (error) {
    closeChildEnds();
    release();
    const message = `the pipes of a command could not be opened (${errorCode(error)})`;
    throw new SandboxError('sandbox', 'pipes_unavailable', message, {}, { cause: error });
  }
}
