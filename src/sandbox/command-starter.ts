import type { TaskCgroup } from './cgroup/index.js';
import type { PassedDescriptor } from './fork-server/index.js';
import type { PipeOwner } from './pipe-set.js';
import type { Rlimits } from './rlimits.js';
import type { SpawnedCommand } from './spawn-command.js';

/** A command to start, and all that holds for it from its first instruction on. */
export interface StartRequest {
  /** What is executed, as an absolute path. */
  readonly file: string;
  /** The arguments, the command's own name first. */
  readonly argv: readonly [string, ...string[]];
  /** What is made for it, private, before anything else: absolute paths. */
  readonly directories: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: 'none' | 'pipe';
  /** What it gets as descriptors 3, 4, and so on. They stay the caller's to close. */
  readonly descriptors: readonly PassedDescriptor[];
  /** The cgroups that are made for it, and that it is to be in; null for none. */
  readonly cgroup: TaskCgroup | null;
  readonly rlimits: Rlimits | null;
  /** The user that it runs as and that its pipes belong to; null where that is the sidecar's. */
  readonly user: PipeOwner | null;
}

/** A way to start commands. */
export interface CommandStarter {
  /**
   * Starts a command as the leader of a session of its own; it dies with the sidecar, where the system can do that.
   * @throws SandboxError kind `execution` where arguments and environment are too long, `sandbox` where it cannot be
   * started or its cgroups cannot be made or joined, naming the file
   */
  start(request: StartRequest): Promise<SpawnedCommand>;
}
