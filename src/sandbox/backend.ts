import type { Readable, Writable } from 'node:stream';
import type {
  BackendAvailability,
  CollectedFile,
  EffectiveLimits,
  EnforcementTable,
  OmittedFile,
  SignalName,
  TaskFile,
} from '../../protocol/index.js';
import type { TaskAccounting } from './task-accounting.js';

/** The sandbox backends, weakest first. */
export type BackendName = 'process' | 'bubblewrap';

/**
 * A way to run commands apart from the sidecar. Backends differ in how much they isolate, never in what their
 * containers promise: after `cleanup` no process of the task is alive and its workspace is gone.
 */
export interface SandboxBackend {
  readonly name: BackendName;
  /** Whether it can keep a task from the network. */
  readonly isolatesNetwork: boolean;
  /** Whether this backend works on this machine, and why not. Never rejects. */
  probe(): Promise<BackendAvailability>;
  /** Who enforces each limit under this backend on this machine. */
  enforcement(): Promise<EnforcementTable>;
  /**
   * Makes the place where one task runs: its workspace with the given files in it.
   * @throws SandboxError kind `validation` for a file path that leaves the workspace, `sandbox` where it cannot be made
   */
  createContainer(spec: ContainerSpec): Promise<Container>;
  /** From now on makes places for tasks beforehand where it can, in the background: first for tasks of these limits. */
  keepWarm(limits: EffectiveLimits): void;
  /** Removes what waits for tasks, so that tasks can have what it holds. */
  giveBack(): void;
  /**
   * Removes what waits for tasks, for good, and resolves when nothing is left of it and of what was tried out, with the
   * number of processes that would not die. Idempotent. The containers are for their owner to clean up.
   */
  close(): Promise<{ leaked: number }>;
}

/** What a container is made for. */
export interface ContainerSpec {
  readonly executionId: string;
  readonly limits: EffectiveLimits;
  readonly files: readonly TaskFile[];
}

/** The place where one task runs: used once, then cleaned up. */
export interface Container {
  readonly id: string;
  /** The workspace as the sidecar sees it: an absolute path. */
  readonly workspace: string;
  /** How many descriptors are opened at most while its command is started, beside those that it has open by then. */
  readonly descriptorsToStart: number;
  /**
   * Starts the command. Resolves when it runs.
   * @throws SandboxError kind `execution` where the command cannot be run (not found, not executable, a directory,
   * no interpreter, arguments too long), kind `validation` for a cwd outside, kind `sandbox` where the sandbox itself fails
   */
  execute(spec: CommandSpec): Promise<SandboxProcess>;
  /** Reads the files that the patterns name. Links are never followed out of the workspace, special files refused. */
  collect(patterns: readonly string[], maxBytes: number): Promise<{ files: CollectedFile[]; omitted: OmittedFile[] }>;
  /** Sum of the files and the largest one, in bytes; nil where it cannot be known. */
  measureWorkspace(): Promise<WorkspaceMeasure | null>;
  /** Kills what is left, removes the workspace. Idempotent. Resolves with the number of processes that would not die. */
  cleanup(): Promise<{ leaked: number }>;
}

export interface WorkspaceMeasure {
  readonly totalBytes: number;
  readonly largestFileBytes: number;
}

/** The command to start in a container. */
export interface CommandSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment as given by the task; the backend adds PATH, HOME, LANG and its own markers. */
  readonly env: readonly (readonly [string, string])[];
  /** Relative to the workspace; absolute only where the policy allows it. */
  readonly cwd: string | undefined;
  /** `none`: reads end of file at once. `pipe`: `stdin` is there to be written. */
  readonly stdin: 'none' | 'pipe';
}

/** A started command and everything that descends from it. */
export interface SandboxProcess {
  readonly pid: number;
  /** The kernel's own accounting of the tree; null where it has none. */
  readonly accounting: TaskAccounting | null;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the command itself has ended; descendants may still live. Never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** How many of the members are the sandbox's own: they are no processes of the task. */
  readonly helpers: number;
  /** The processes of the tree that are alive now, as far as the backend can see them. */
  members(): Promise<readonly number[]>;
  /** Sends a signal to the task's process group. False where nothing was there to receive it. */
  signal(signal: SignalName): boolean;
  /**
   * Kills the whole tree, those that left the process group too, and resolves when none is left or could not be
   * killed within a deadline. Idempotent; safe after the command has ended.
   */
  killTree(): Promise<void>;
}

export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: string | null;
}
