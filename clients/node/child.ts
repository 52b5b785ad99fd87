import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { MAX_OUTPUT_FRAME_BYTES, ReadBuffer } from '../../protocol/index.js';
import { startDeadline } from './deadline.js';
import { environmentOf } from './environment.js';
import { SpawnFailedError } from './errors.js';
import { describeSystemError, findExecutable } from './executable.js';
import type { KeepAlive } from './keep-alive.js';
import { intoOneBuffer } from './one-buffer.js';
import { StderrTail } from './stderr-tail.js';

/** What a sidecar process is started from. */
export interface ChildOptions {
  readonly executable?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly onStderr?: ((text: string) => void) | undefined;
}

/** How a process ended. */
export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Four of the largest frames of output. */
const BUFFER_BYTES = 4 * MAX_OUTPUT_FRAME_BYTES;

/** How long a pipe that somebody else still holds open may keep a dead sidecar from counting as gone, in ms. */
const PIPE_DRAIN_MS = 1_000;

/**
 * Starts `<executable> serve …args` with pipes to its standard streams, in the process group of the host.
 *
 * @throws SpawnFailedError where it cannot be started
 */
export async function spawnChild(options: ChildOptions, keepAlive: KeepAlive): Promise<SidecarChild> {
  const { file, args } = await findExecutable(options.executable);
  try {
    const child = spawn(file, [...args, 'serve', ...(options.args ?? [])], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environmentOf(options),
      windowsHide: true,
    });
    await once(child, 'spawn');
    return new SidecarChild(child, keepAlive, options.onStderr);
  } catch (error) {
    throw new SpawnFailedError(options.executable ?? file, describeSystemError(error), { cause: error });
  }
}

/** The process of a running sidecar, and what may be done to it. */
export class SidecarChild {
  readonly pid: number;
  readonly stdin: Socket;
  readonly stdout: Socket;
  /** What `stdout` is read into: see `intoOneBuffer`. */
  readonly buffer = new ReadBuffer(BUFFER_BYTES, (bytes) => Buffer.allocUnsafeSlow(bytes));
  readonly stderr: StderrTail;
  /** Resolves once the process is dead and what it wrote has been read. Never rejects. */
  readonly gone: Promise<ExitStatus>;
  readonly keepAlive: KeepAlive;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, keepAlive: KeepAlive, onStderr?: (text: string) => void) {
    this.#child = child;
    this.keepAlive = keepAlive;
    this.pid = child.pid!;
    this.stdin = child.stdin as Socket;
    this.stdout = intoOneBuffer(child.stdout as Socket, this.buffer);
    const stderr = child.stderr as Socket;
    this.stderr = new StderrTail(stderr, onStderr);
    this.gone = whenGone(child);
    keepAlive.use([child, this.stdin, this.stdout, stderr]);
    child.on('error', () => {});
    this.stdin.on('error', () => {});
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Lets go of the pipes, whoever else holds them. */
  release(): void {
    for (const stream of [this.stdin, this.stdout, this.#child.stderr]) stream?.destroy();
    this.#child.unref();
  }
}

function whenGone(child: ChildProcess): Promise<ExitStatus> {
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) => {
      const deadline = startDeadline(PIPE_DRAIN_MS, () => resolve({ exitCode, signal }), { ref: false });
      child.once('close', () => {
        deadline.clear();
        resolve({ exitCode, signal });
      });
    });
  });
}
