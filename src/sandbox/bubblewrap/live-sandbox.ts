import type { Readable, Writable } from 'node:stream';
import type { TaskFile } from '../../../protocol/index.js';
import type { ExitStatus } from '../backend.js';
import type { TaskCgroup } from '../cgroup/index.js';
import type { CommandExit } from '../command-exit.js';
import type { SandboxCommand } from '../fork-server/index.js';
import type { ProcessIdentity } from '../process-entry.js';
import type { SandboxPolicy } from './policy.js';

/** A sandbox that is there and waits for its command. */
export interface LiveSandbox {
  /** The process that is the last to go: one outside, or the first inside. */
  readonly outside: ProcessIdentity;
  /** The first process inside, as the host sees it: all others die with it. */
  readonly init: ProcessIdentity;
  /** The workspace, held open: readable after the end of the sandbox, whose mounts go with it. */
  readonly workspaceFd: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when that has ended. Never rejects. */
  readonly ended: Promise<CommandExit>;
  /**
   * Fills the workspace, of a sandbox that was made for files, once.
   * @throws SandboxError kind `sandbox`, with what the archiver said, where that fails
   */
  fill(files: readonly TaskFile[]): Promise<void>;
  /**
   * Runs the one command.
   * @throws SandboxError kind `sandbox` where it cannot be started
   */
  run(command: SandboxCommand): Promise<RunningCommand>;
  /** The pids among which the command's is, while it runs: its own before those of processes that it has left. */
  commandPids(): readonly number[];
  /** Lets go of all streams and of the workspace. To be called when no process of it is left, or, with `isLeft`, none can be got rid of. Idempotent. */
  release(isLeft: boolean): void;
}

export interface RunningCommand {
  /** Null where it has none. */
  readonly stdin: Writable | null;
  /** Never rejects. */
  readonly exited: Promise<ExitStatus>;
}

/** What a sandbox is made for. */
export interface SandboxRequest {
  readonly policy: SandboxPolicy;
  readonly cgroup: TaskCgroup;
  /** The markers by which processes are found. */
  readonly markers: Readonly<Record<string, string>>;
}

/** A way to make sandboxes. */
export interface SandboxMaker {
  /** How many threads a sandbox has beside the task's: they are in its cgroup as well. */
  readonly helpers: number;
  /**
   * Makes a sandbox.
   * @throws SandboxError kind `sandbox`, with the reason, where it cannot be made
   */
  make(request: SandboxRequest): Promise<LiveSandbox>;
  /** Lets go of what sandboxes are made of. To be called when none is left. Idempotent. */
  close(): void;
}
