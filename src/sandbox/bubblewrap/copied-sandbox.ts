import { closeSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import type { TaskFile } from '../../../protocol/index.js';
import type { CommandExit } from '../command-exit.js';
import type { ForkedSandbox, SandboxCommand } from '../fork-server/index.js';
import { openNamedInputPipe, type Pipe } from '../pipe.js';
import type { PipeSet } from '../pipe-set.js';
import type { ProcessIdentity } from '../process-entry.js';
import { childrenOf } from '../process-reader.js';
import { bwrapFailure } from './bwrap-failure.js';
import type { LiveSandbox, RunningCommand } from './live-sandbox.js';
import { tarOf } from './tar.js';

/** By what the sidecar reaches the inside of a sandbox. */
export interface CopiedSandboxStreams extends Pick<LiveSandbox, 'stdout' | 'stderr'> {
  /** What a command opens as its standard input, where it is to have one. */
  readonly stdinFifo: string;
  /** Null where no files are to come. */
  readonly filling: Pipe<Writable> | null;
  readonly pipes: PipeSet;
}

/** A sandbox that the fork server has made out of the template. */
export class CopiedSandbox implements LiveSandbox {
  readonly outside: ProcessIdentity;
  readonly init: ProcessIdentity;
  readonly workspaceFd: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<CommandExit>;
  readonly #forked: ForkedSandbox;
  readonly #streams: CopiedSandboxStreams;
  #released = false;

  constructor(
    forked: ForkedSandbox,
    { init, workspaceFd }: Pick<LiveSandbox, 'init' | 'workspaceFd'>,
    streams: CopiedSandboxStreams,
  ) {
    this.outside = init;
    this.init = init;
    this.workspaceFd = workspaceFd;
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
    this.ended = forked.ended;
    this.#forked = forked;
    this.#streams = streams;
  }

  async fill(files: readonly TaskFile[]): Promise<void> {
    const { filling, stderr } = this.#streams;
    Readable.from(tarOf(files)).pipe(filling!.stream);
    try {
      await this.#forked.filled();
    } catch {
      throw await bwrapFailure({ stderr, exited: this.#forked.ended }, 'filled');
    }
    filling!.release();
  }

  async run(command: SandboxCommand): Promise<RunningCommand> {
    const { pipes, stdinFifo } = this.#streams;
    const input = command.stdin === 'pipe' ? pipes.open(openNamedInputPipe, stdinFifo) : null;
    await this.#forked.run(command);
    input?.opened();
    return { stdin: input?.stream ?? null, exited: this.#forked.ended };
  }

  commandPids(): readonly number[] {
    return childrenOf(this.init.pid);
  }

  release(isLeft: boolean): void {
    if (this.#released) return;
    this.#released = true;
    closeSync(this.workspaceFd);
    this.#streams.pipes.release(isLeft);
  }
}
