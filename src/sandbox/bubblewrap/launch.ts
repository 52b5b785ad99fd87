import { closeSync, fchownSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TaskFile } from '../../../protocol/index.js';
import { SandboxError } from '../errors.js';
import type { FifoPool } from '../fifo-pool.js';
import { JOIN_CGROUPS } from '../join-cgroups.js';
import { LineReader } from '../line-reader.js';
import { openInputPipe, openOutputPipe } from '../pipe.js';
import type { ProcessIdentity } from '../process-entry.js';
import { identify } from '../process-reader.js';
import { type SpawnedCommand, spawnCommand } from '../spawn-command.js';
import { type BwrapOptions, bwrapArguments } from './bwrap-arguments.js';
import type { IdentityFiles, TaskUser } from './identity.js';
import { launcher, READY } from './launcher.js';
import { WORKSPACE } from './layout.js';
import { tarOf } from './tar.js';

/** The programs that a sandbox is made with, as absolute paths. */
export interface BubblewrapTools {
  readonly shell: string;
  readonly bwrap: string;
  readonly awk: string;
  /** setpriv(1) with --pdeathsig; root cannot do without it. */
  readonly setpriv: string | null;
  readonly setsid: string | null;
  readonly tar: string;
}

export interface LaunchOptions extends Omit<BwrapOptions, 'uid' | 'gid' | 'seccomp'> {
  readonly tools: BubblewrapTools;
  readonly fifos: FifoPool;
  readonly user: TaskUser;
  readonly identityFiles: IdentityFiles;
  /** A file with the seccomp filter; null where there is none for this machine. */
  readonly seccompFile: string | null;
  /** What the workspace holds at the beginning. */
  readonly files: readonly TaskFile[];
  readonly procsFiles: readonly string[];
  /** The markers by which the processes are found. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A sandbox that is there and waits for the script that becomes the command. */
export interface LiveSandbox {
  /** bubblewrap itself, outside, with the streams of the command to be. */
  readonly spawned: SpawnedCommand;
  /** The first process inside, as the host sees it: all others die with it. */
  readonly init: ProcessIdentity;
  /** The workspace, kept open: readable after the end of the sandbox, whose mounts go with it. */
  readonly workspace: FileHandle;
  /** Takes the script, and stays open until the end: a FIFO that nobody may write to cannot be opened for reading. */
  readonly script: Writable;
  readonly status: LineReader;
  /** What bubblewrap itself tells. It is killed where it finds nobody to tell it to. */
  readonly json: LineReader;
  /** Lets go of all streams. To be called when no process of the sandbox is left. Idempotent. */
  release(): void;
}

/**
 * Makes a sandbox.
 * @throws SandboxError kind `sandbox`, with what bubblewrap said, where it cannot be made
 */
export async function launchSandbox(options: LaunchOptions): Promise<LiveSandbox> {
  const [statusFifo, scriptFifo, jsonFifo, filesFifo] = await options.fifos.take(4);
  const statusPipe = openOutputPipe(statusFifo!);
  const scriptPipe = openInputPipe(scriptFifo!);
  const jsonPipe = openOutputPipe(jsonFifo!);
  const filesPipe = openInputPipe(filesFifo!);
  for (const { stream } of [scriptPipe, filesPipe]) stream.on('error', () => undefined);
  const status = new LineReader(statusPipe.stream);
  const json = new LineReader(jsonPipe.stream);
  try {
    const pipes = [statusPipe.childEnd, scriptPipe.childEnd, jsonPipe.childEnd, filesPipe.childEnd];
    const spawned = await spawn(options, pipes);
    try {
      Readable.from(tarOf(options.files)).pipe(filesPipe.stream);
      if ((await status.next()) !== READY) throw await failure(spawned);
      const init = identify(childPid(await json.next()));
      const workspace = await open(`/proc/${init.pid}/root${WORKSPACE}`, 'r');
      const release = () => {
        for (const owner of [spawned, scriptPipe, statusPipe, jsonPipe]) owner.release();
      };
      return { spawned, init, workspace, script: scriptPipe.stream, status, json, release };
    } catch (error) {
      try {
        process.kill(spawned.pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
      spawned.release();
      throw error;
    }
  } catch (error) {
    status.close();
    json.close();
    scriptPipe.release();
    throw error;
  } finally {
    filesPipe.release();
  }
}

/** The shim joins the cgroups while it is still the sidecar's user, who alone may. */
const SHIM = `${JOIN_CGROUPS}\nexec "$@"`;

async function spawn(options: LaunchOptions, pipes: readonly number[]): Promise<SpawnedCommand> {
  const { tools, user, identityFiles, seccompFile } = options;
  const { passwd, group, hosts } = identityFiles;
  const files: number[] = [];
  try {
    const isRoot = process.getuid?.() === 0;
    if (isRoot) for (const descriptor of pipes) fchownSync(descriptor, user.uid, user.gid);
    for (const path of [seccompFile ?? '/dev/null', passwd, group, hosts]) files.push(openSync(path, 'r'));
    const bwrap = [
      tools.bwrap,
      ...bwrapArguments({ ...options, ...user, seccomp: seccompFile !== null }),
      '--',
      ...launcher({ awk: tools.awk, tar: options.files.length > 0 ? tools.tar : null }),
    ];
    const line = [tools.shell, '-c', SHIM, 'exec-sidecar', ...options.procsFiles, '--', ...asUser(options), ...bwrap];
    return await spawnCommand({
      line: line as [string, ...string[]],
      cwd: '/',
      environment: { ...options.environment, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdin: 'pipe',
      fifos: options.fifos,
      descriptors: [...pipes, ...files],
      ...(isRoot && { pipeOwner: user }),
    });
  } finally {
    for (const descriptor of [...pipes, ...files]) closeSync(descriptor);
  }
}

function asUser({ tools, user }: LaunchOptions): string[] {
  if (tools.setpriv === null) return [];
  const identity = ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'];
  return [tools.setpriv, ...(process.getuid?.() === 0 ? identity : []), '--pdeathsig', 'KILL', '--'];
}

function childPid(line: string | null): number {
  const status: unknown = JSON.parse(line ?? '{}');
  const pid = typeof status === 'object' && status !== null && 'child-pid' in status ? status['child-pid'] : null;
  if (typeof pid === 'number') return pid;
  throw new SandboxError('sandbox', 'sandbox_failed', `bubblewrap does not tell its child: ${line}`);
}

/** Until the launcher is there, only the shim, setpriv and bubblewrap write to the standard error. */
async function failure(spawned: SpawnedCommand): Promise<SandboxError> {
  const [exit, said] = await Promise.all([spawned.exited, text(spawned.stderr)]);
  const reason = said.trim() || `it ended with ${exit.signal ?? `exit code ${exit.exitCode}`} and said nothing`;
  return new SandboxError('sandbox', 'sandbox_failed', `the sandbox could not be made: ${reason}`, { reason });
}
