import { statfsSync } from 'node:fs';
import type { CommandSpec, Container, ContainerSpec, WorkspaceMeasure } from '../backend.js';
import type { CpuUsage } from '../cgroup/index.js';
import { type Collection, collectFiles } from '../collect.js';
import { containerUsed } from '../errors.js';
import { measureFiles } from '../measure.js';
import { TaskAccounting } from '../task-accounting.js';
import type { BubblewrapContext } from './context.js';
import { WORKSPACE } from './layout.js';
import { allowedBytes } from './policy.js';
import type { PreparedSandbox } from './prepared-sandbox.js';
import { BubblewrapProcess } from './process.js';
import { sandboxCommand } from './sandbox-command.js';

/** A sandbox with the files of one task, and the one command that runs in it. */
export class BubblewrapContainer implements Container {
  readonly id: string;
  /** The files of its cgroups, where they are not open, and the pipe of its standard input: all others are there. */
  readonly descriptorsToStart = 24;
  readonly #spec: ContainerSpec;
  readonly #context: BubblewrapContext;
  readonly #sandbox: PreparedSandbox;
  readonly #before: CpuUsage;
  #used = false;
  #cleaning: Promise<{ leaked: number }> | null = null;

  private constructor(
    spec: ContainerSpec,
    context: BubblewrapContext,
    { sandbox, before }: { sandbox: PreparedSandbox; before: CpuUsage },
  ) {
    this.id = spec.executionId;
    this.#spec = spec;
    this.#context = context;
    this.#sandbox = sandbox;
    this.#before = before;
  }

  /**
   * Makes a sandbox that has the policy of the task that task's, whose files are valid. It is closed where that fails.
   * @throws SandboxError kind `sandbox` where the files cannot be put into it
   */
  static async create(
    spec: ContainerSpec,
    context: BubblewrapContext,
    sandbox: PreparedSandbox,
  ): Promise<BubblewrapContainer> {
    try {
      const before = await sandbox.begin(spec.executionId, spec.files);
      return new BubblewrapContainer(spec, context, { sandbox, before });
    } catch (error) {
      await sandbox.close();
      throw error;
    }
  }

  /** The kernel keeps what a descriptor holds open, mounted or not. */
  get workspace(): string {
    return `/proc/self/fd/${this.#sandbox.live.workspaceFd}`;
  }

  async execute(spec: CommandSpec): Promise<BubblewrapProcess> {
    const { id, workspace } = this;
    if (this.#used || this.#cleaning !== null) throw containerUsed(id);
    this.#used = true;
    const { limits } = this.#spec;
    const command = await sandboxCommand({ spec, limits, executionId: id, workspace }, this.#context);
    if (this.#cleaning !== null) throw containerUsed(id);
    const sandbox = this.#sandbox;
    const accounting = new TaskAccounting(sandbox.cgroup, sandbox.helpers, this.#before);
    const running = await sandbox.live.run(command);
    this.#context.pool.underWay();
    return new BubblewrapProcess(sandbox, accounting, running);
  }

  collect(patterns: readonly string[], maxBytes: number): Promise<Collection> {
    return collectFiles({ path: this.workspace, seenAs: WORKSPACE }, patterns, maxBytes);
  }

  /**
   * The sum is what the file system has given out, in whole pages: more than the sizes of small files, and nothing for
   * the holes of sparse ones. The largest file is looked for only where one could be near its limit.
   */
  async measureWorkspace(): Promise<WorkspaceMeasure> {
    const { limits } = this.#spec;
    const { blocks, bfree, bsize } = statfsSync(this.workspace);
    const used = (blocks - bfree) * bsize;
    const totalBytes = used <= allowedBytes(this.#spec) ? Math.min(used, limits.workspaceBytes) : used;
    const near = used >= 0.8 * limits.fileSizeBytes;
    const files = near ? await measureFiles([this.workspace], new Map()) : { largestFileBytes: 0 };
    return { totalBytes, largestFileBytes: Math.min(files.largestFileBytes, limits.fileSizeBytes) };
  }

  cleanup(): Promise<{ leaked: number }> {
    this.#cleaning ??= this.#sandbox.close().finally(() => this.#context.pool.over());
    return this.#cleaning;
  }
}
