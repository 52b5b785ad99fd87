import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import type { CommandExit } from './command-exit.js';
import { checkSpawnRoom } from './descriptor-room.js';
import { SandboxError } from './errors.js';
import type { FifoPool } from './fifo-pool.js';
import type { PipeOwner } from './pipe-set.js';
import type { ProcessIdentity } from './process-entry.js';
import { identify } from './process-reader.js';
import { openTaskStdio } from './task-stdio.js';

export interface SpawnRequest {
  readonly line: readonly [file: string, ...args: string[]];
  readonly cwd: string;
  readonly environment: Record<string, string>;
  readonly stdin: 'none' | 'pipe';
  /** Descriptors to be passed on as 3, 4, and so on. They stay the caller's to close. */
  readonly descriptors?: readonly number[];
  /** The user that is to own the pipes, so that it can open them by name; null or left out where it is the sidecar's. */
  readonly pipeOwner?: PipeOwner | null;
  /** Null where there is no mkfifo(1): then the command gets the sockets that Node makes. */
  readonly fifos: FifoPool | null;
}

export interface SpawnedCommand {
  readonly identity: ProcessIdentity;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the process itself has ended, whoever still holds its streams. Never rejects. */
  readonly exited: Promise<CommandExit>;
  /** Lets go of the streams. To be called when no process of the command is left, or, with `isLeft`, none can be got rid of. */
  release(isLeft?: boolean): void;
}

/** execa passes on any descriptor; its types list only those of one digit. */
type ChildStdio = [stdin: 'ignore' | 'pipe' | 3, stdout: 'pipe' | 3, stderr: 'pipe' | 3, ...further: 3[]];

/**
 * Spawns a process in a session and process group of its own, with nothing but its three standard streams and the
 * descriptors that it is given.
 * @throws SandboxError kind `sandbox` where the system cannot spawn it
 */
export async function spawnCommand(request: SpawnRequest): Promise<SpawnedCommand> {
  const { fifos, stdin, pipeOwner = null } = request;
  checkSpawnRoom();
  const stdio = fifos === null ? null : await openTaskStdio(fifos, stdin, pipeOwner);
  const fallback = [stdin === 'pipe' ? 'pipe' : 'ignore', 'pipe', 'pipe'];
  const pipes = stdio?.child.map((descriptor) => descriptor?.fd ?? 'ignore');
  const streamsOfChild = [...(pipes ?? fallback), ...(request.descriptors ?? [])] as ChildStdio;
  const [file, ...args] = request.line;
  const subprocess = execa(file, args, {
    cwd: request.cwd,
    env: request.environment,
    extendEnv: false,
    stdio: streamsOfChild,
    buffer: false,
    detached: true,
    reject: false,
  });
  stdio?.closeChildEnds();
  if (subprocess.pid === undefined) {
    stdio?.release(false);
    throw spawnError(await subprocess);
  }
  const exited = new Promise<CommandExit>((resolve) => {
    subprocess.once('exit', (exitCode, signal) => resolve({ exitCode, signal, leftNobody: false }));
  });
  const streams = stdio ?? socketsOf(subprocess);
  // Who reads or writes a stream sees its errors; that nobody does must not end the sidecar.
  for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream?.on('error', () => undefined);
  return { ...streams, identity: identify(subprocess.pid), exited };
}

interface NodeStreams {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

function socketsOf({ stdin, stdout, stderr }: NodeStreams): Omit<SpawnedCommand, 'identity' | 'exited'> {
  if (stdout === null || stderr === null) throw new TypeError('unreachable: both were asked for');
  const release = () => {
    for (const stream of [stdin, stdout, stderr]) stream?.destroy();
  };
  return { stdin, stdout, stderr, release };
}

function spawnError(failed: { code?: string | undefined; originalMessage?: string | undefined; cause?: unknown }) {
  const message = `the process could not be spawned: ${failed.originalMessage}`;
  return new SandboxError('sandbox', 'spawn_failed', message, { code: failed.code ?? null }, { cause: failed.cause });
}
