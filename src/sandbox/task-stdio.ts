import { closeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { FifoPool } from './fifo-pool.js';
import { openInputPipe, openOutputPipe } from './pipe.js';

/** The three standard streams of one command. */
export interface TaskStdio {
  /** What the command is spawned with: descriptors of real pipes. */
  readonly child: readonly [stdin: number | 'ignore', stdout: number, stderr: number];
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** To be called once the command has been spawned, so that end of file can be seen. */
  releaseChildEnds(): void;
  /** To be called where it has not been spawned. */
  discard(): void;
}

/**
 * Opens real pipes for a command.
 * @throws SandboxError kind `sandbox` where there are none
 */
export async function openTaskStdio(pool: FifoPool, stdin: 'none' | 'pipe'): Promise<TaskStdio> {
  const [out, err, input] = await pool.take(stdin === 'pipe' ? 3 : 2);
  const opened: { childEnd: number; stream: Readable | Writable }[] = [];
  const keep = <Pipe extends (typeof opened)[number]>(pipe: Pipe): Pipe => {
    opened.push(pipe);
    return pipe;
  };
  const releaseChildEnds = () => {
    for (const { childEnd } of opened) closeSync(childEnd);
  };
  const discard = () => {
    releaseChildEnds();
    for (const { stream } of opened) stream.destroy();
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
      releaseChildEnds,
      discard,
    };
  } catch (error) {
    discard();
    throw error;
  }
}
