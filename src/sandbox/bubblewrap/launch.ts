import { closeSync, constants, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TaskFile } from '../../../protocol/index.js';
import type { TaskCgroup } from '../cgroup/index.js';
import { SandboxError } from '../errors.js';
import type { PassedDescriptor } from '../fork-server/index.js';
import { sendSignal } from '../kill-tree.js';
import { LineReader } from '../line-reader.js';
import { type NamedPipe, openInputPipe, openNamedInputPipe, openOutputPipe } from '../pipe.js';
import { PipeSet } from '../pipe-set.js';
import type { ProcessIdentity } from '../process-entry.js';
import { identify } from '../process-reader.js';
import type { SpawnedCommand } from '../spawn-command.js';
import type { Starting } from '../starting.js';
import { type BwrapOptions, bwrapArguments } from './bwrap-arguments.js';
import type { TaskUser } from './identity.js';
import { FILLED, launcher, READY } from './launcher.js';
import { type ProvidedFiles, WORKSPACE } from './layout.js';
import { tarOf } from './tar.js';

/** The programs that a sandbox is made with, as absolute paths. */
export interface BubblewrapTools {
  readonly bwrap: string;
  readonly awk: string;
  readonly setsid: string | null;
  readonly tar: string;
}

export interface LaunchOptions extends Omit<BwrapOptions, 'uid' | 'gid' | 'seccomp' | 'provided'> {
  readonly tools: BubblewrapTools;
  readonly starting: Starting;
  readonly user: TaskUser;
  /** What the sidecar puts into the sandbox. */
  readonly provided: ProvidedFiles;
  /** A file with the seccomp filter; null where there is none for this machine. */
  readonly seccompFile: string | null;
  /** Whether the workspace is to be filled with files before the script is sent. */
  readonly hasFiles: boolean;
  readonly cgroup: TaskCgroup;
  /** The markers by which the processes are found. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A sandbox that is there and waits for the script that becomes the command. */
export interface LiveSandbox {
  /** bubblewrap itself, outside, with the output streams of the command to be. */
  readonly spawned: SpawnedCommand;
  /** What the script opens as the command's standard input: bubblewrap and the launcher are no readers of it. */
  readonly stdin: NamedPipe;
  /** The first process inside, as the host sees it: all others die with it. */
  readonly init: ProcessIdentity;
  /** The workspace, kept open: readable after the end of the sandbox, whose mounts go with it. */
  readonly workspace: FileHandle;
  /** Takes the script, and stays open until the end: a FIFO that nobody may write to cannot be opened for reading. */
  readonly script: Writable;
  readonly status: LineReader;
  /** What bubblewrap itself tells. It is killed where it finds nobody to tell it to. */
  readonly json: LineReader;
  /**
   * Fills the workspace, of a sandbox that was made for files, once.
   * @throws SandboxError kind `sandbox`, with what the archiver said, where that fails
   */
  fill(files: readonly TaskFile[]): Promise<void>;
  /** Lets go of all streams. To be called when no process of the sandbox is left. Idempotent. */
  release(): void;
}

/**
 * Makes a sandbox.
 * @throws SandboxError kind `sandbox`, with what bubblewrap said, where it cannot be made
 */
export async function launchSandbox(options: LaunchOptions): Promise<LiveSandbox> {
  const owner = process.getuid?.() === 0 ? options.user : null;
  const [statusFifo, scriptFifo, jsonFifo, filesFifo, stdinFifo] = await options.starting.fifos!.take(5);
  const pipes = new PipeSet(owner);
  let spawned: SpawnedCommand | null = null;
  const release = () => {
    spawned?.release(true);
    pipes.release();
  };
  try {
    // In the order of DESCRIPTORS.
    const status = new LineReader(pipes.open(openOutputPipe, statusFifo!).stream);
    const script = pipes.open(openInputPipe, scriptFifo!).stream;
    const json = new LineReader(pipes.open(openOutputPipe, jsonFifo!).stream);
    const files = pipes.open(openInputPipe, filesFifo!);
    const stdin = pipes.open(openNamedInputPipe, stdinFifo!);
    spawned = await spawn(options, owner, pipes.childEnds).finally(() => pipes.closeChildEnds());
    if ((await status.next()) !== READY) throw await failure(spawned, 'made');
    const init = identify(childPid(await json.next()));
    const workspace = await open(`/proc/${init.pid}/root${WORKSPACE}`, 'r');
    const { stderr, exited } = spawned;
    const fill = async (given: readonly TaskFile[]) => {
      Readable.from(tarOf(given)).pipe(files.stream);
      if ((await status.next()) !== FILLED) throw await failure({ stderr, exited }, 'filled');
      files.release();
    };
    if (!options.hasFiles) files.release();
    return { spawned, stdin, init, workspace, script, status, json, fill, release };
  } catch (error) {
    if (spawned !== null) sendSignal(spawned.identity.pid, 'SIGKILL');
    release();
    throw error;
  }
}

/** The cgroups are joined while it is still the sidecar's user, who alone may. */
async function spawn(
  options: LaunchOptions,
  owner: TaskUser | null,
  childEnds: readonly PassedDescriptor[],
): Promise<SpawnedCommand> {
  const { tools, user, provided, seccompFile, starting } = options;
  const files: PassedDescriptor[] = [];
  try {
    for (const path of [seccompFile ?? '/dev/null', ...provided.values()]) {
      files.push({ fd: openSync(path, 'r'), flags: constants.O_RDONLY });
    }
    return await starting.starter!.start({
      file: tools.bwrap,
      argv: [
        tools.bwrap,
        ...bwrapArguments({ ...options, ...user, seccomp: seccompFile !== null, provided: [...provided.keys()] }),
        '--',
        ...launcher({ ...tools, tar: options.hasFiles ? tools.tar : null }),
      ],
      directories: [],
      cwd: '/',
      environment: { ...options.environment, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdin: 'none',
      descriptors: [...childEnds, ...files],
      cgroup: options.cgroup,
      rlimits: null,
      user: owner,
    });
  } finally {
    for (const { fd } of files) closeSync(fd);
  }
}

function childPid(line: string | null): number {
  const status: unknown = JSON.parse(line ?? '{}');
  const pid = typeof status === 'object' && status !== null && 'child-pid' in status ? status['child-pid'] : null;
  if (typeof pid === 'number') return pid;
  throw new SandboxError('sandbox', 'sandbox_failed', `bubblewrap does not tell its child: ${line}`);
}

/** Before the script is sent, only the shim, setpriv, bubblewrap and the archiver write to the standard error. */
async function failure(
  spawned: Pick<SpawnedCommand, 'exited' | 'stderr'>,
  what: 'made' | 'filled',
): Promise<SandboxError> {
  const [exit, said] = await Promise.all([spawned.exited, text(spawned.stderr)]);
  const reason = said.trim() || `it ended with ${exit.signal ?? `exit code ${exit.exitCode}`} and said nothing`;
  return new SandboxError('sandbox', 'sandbox_failed', `the sandbox could not be ${what}: ${reason}`, { reason });
}
