import { closeSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import type { TaskFile } from '../../../protocol/index.js';
import type { ExitStatus } from '../backend.js';
import type { CommandExit } from '../command-exit.js';
import type { SandboxCommand } from '../fork-server/index.js';
import type { LineReader } from '../line-reader.js';
import { openNamedInputPipe, type Pipe } from '../pipe.js';
import type { PipeSet } from '../pipe-set.js';
import type { ProcessIdentity } from '../process-entry.js';
import { childrenOf } from '../process-reader.js';
import { signalName } from '../signal-name.js';
import type { SpawnedCommand } from '../spawn-command.js';
import { within } from '../within.js';
import { bwrapFailure } from './bwrap-failure.js';
import { FILLED, launchScript, parseStatus } from './launcher.js';
import type { LiveSandbox, RunningCommand } from './live-sandbox.js';
import { tarOf } from './tar.js';

/** What the sidecar and the inside of a sandbox tell each other. */
export interface SpawnedSandboxStreams {
  /** What the launcher tells. */
  readonly status: LineReader;
  /** Takes the script, and stays open until the end: a FIFO that nobody may write to cannot be opened for reading. */
  readonly script: Writable;
  readonly filling: Pipe<Writable>;
  /** What the script opens as the command's standard input: bubblewrap and the launcher are no readers of it. */
  readonly stdinFifo: string;
  readonly pipes: PipeSet;
}

/** How long the launcher's last word is waited for once bubblewrap has ended: it is in the pipe already, or never. */
const STATUS_MS = 1_000;

/** A sandbox that bubblewrap has made, with a launcher in it that takes a script. */
export class SpawnedSandbox implements LiveSandbox {
  readonly outside: ProcessIdentity;
  readonly init: ProcessIdentity;
  readonly workspaceFd: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<CommandExit>;
  readonly #spawned: SpawnedCommand;
  readonly #streams: SpawnedSandboxStreams;
  #released = false;

  constructor(
    spawned: SpawnedCommand,
    { init, workspaceFd }: Pick<LiveSandbox, 'init' | 'workspaceFd'>,
    streams: SpawnedSandboxStreams,
  ) {
    this.outside = spawned.identity;
    this.init = init;
    this.workspaceFd = workspaceFd;
    this.stdout = spawned.stdout;
    this.stderr = spawned.stderr;
    this.ended = spawned.exited;
    this.#spawned = spawned;
    this.#streams = streams;
  }

  async fill(files: readonly TaskFile[]): Promise<void> {
    const { status, filling } = this.#streams;
    Readable.from(tarOf(files)).pipe(filling.stream);
    if ((await status.next()) !== FILLED) throw await bwrapFailure(this.#spawned, 'filled');
    filling.release();
  }

  /** Where it cannot be started, that shows in how it exits. */
  async run(command: SandboxCommand): Promise<RunningCommand> {
    const { pipes, stdinFifo, script } = this.#streams;
    const input = command.stdin === 'pipe' ? pipes.open(openNamedInputPipe, stdinFifo) : null;
    const started = this.#started(input?.opened);
    script.write(launchScript(command));
    return { stdin: input?.stream ?? null, exited: this.#exit(started) };
  }

  commandPids(): readonly number[] {
    return childrenOf(this.init.pid).flatMap(childrenOf);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    closeSync(this.workspaceFd);
    this.#spawned.release(true);
    this.#streams.pipes.release();
  }

  async #started(opened: (() => void) | undefined): Promise<void> {
    await this.#streams.status.next();
    opened?.();
  }

  async #exit(started: Promise<void>): Promise<ExitStatus> {
    const outside = await this.ended;
    const last = started.then(() => this.#streams.status.next());
    const told = await within(last, STATUS_MS, () => null);
    const status = parseStatus(told ?? '');
    return status !== null && isConsistent(status, outside) ? status : inferred(outside);
  }
}

/** What is told only decides what bubblewrap leaves open: whoever forges it cannot turn one exit code into another. */
function isConsistent({ exitCode, signal }: ExitStatus, outside: ExitStatus): boolean {
  return signal === null ? outside.exitCode === exitCode : inferred(outside).signal === signal;
}

/** bubblewrap gives the death by a signal as 128 + its number, which a command might exit with as well. */
function inferred({ exitCode, signal }: ExitStatus): ExitStatus {
  if (exitCode === null || exitCode <= 128) return { exitCode, signal };
  return { exitCode: null, signal: signalName(exitCode - 128) };
}
