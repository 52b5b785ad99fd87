import { type FileHandle, statfs } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Logger } from '../../tracking/index.js';
import { checkArgumentSize } from '../argument-size.js';
import type { CommandSpec, Container, ContainerSpec, WorkspaceMeasure } from '../backend.js';
import type { CgroupManager, CgroupUsage, TaskCgroup } from '../cgroup/index.js';
import { type Collection, collectFiles } from '../collect.js';
import { resolveCwd, resolveCwdInside } from '../cwd.js';
import { taskEnvironment } from '../environment.js';
import { SandboxError } from '../errors.js';
import { inspectExecutable } from '../executable.js';
import { isInside } from '../inside.js';
import type { SandboxInstance } from '../instance.js';
import { measureFiles } from '../measure.js';
import { EXECUTION_MARKER, INSTANCE_MARKER } from '../process-markers.js';
import { identify } from '../process-reader.js';
import { terminateOrCount } from '../repeatable-kill.js';
import { TaskAccounting } from '../task-accounting.js';
import { checkFiles } from '../workspace-files.js';
import type { WorkspaceRoot } from '../workspace-root.js';
import { findOrExplain } from './hidden-command.js';
import type { TaskUser } from './identity.js';
import { type BubblewrapTools, type LiveSandbox, launchSandbox } from './launch.js';
import { launchFailure } from './launch-failure.js';
import { launchScript } from './launcher.js';
import { hostPathOf, type Layout, type ProvidedFiles, TEMPORARY, WORKSPACE } from './layout.js';
import { BubblewrapProcess, HELPERS } from './process.js';

/** What the containers of the `bubblewrap` backend have in common. */
export interface BubblewrapContainerContext {
  readonly instance: SandboxInstance;
  readonly cgroups: CgroupManager;
  readonly tools: BubblewrapTools;
  readonly user: TaskUser;
  readonly provided: ProvidedFiles;
  readonly seccompFile: string | null;
  readonly layout: Layout;
  /** The PATH of a task that sets none. */
  readonly path: string;
  readonly network: boolean;
  readonly allowedCwd: readonly string[];
  readonly logger: Logger;
}

const PAGE_BYTES = 4_096;
/** The most that /dev/shm holds where nobody counts what is in it. */
const UNCOUNTED_MEMORY_BYTES = 67_108_864;

/** A sandbox that is made with its container, and one command that runs in it. */
export class BubblewrapContainer implements Container {
  readonly id: string;
  readonly #spec: ContainerSpec;
  readonly #context: BubblewrapContainerContext;
  #cgroup: TaskCgroup | null = null;
  #sandbox: LiveSandbox | null = null;
  #before: CgroupUsage | null = null;
  #process: BubblewrapProcess | null = null;
  #used = false;
  #cleaning: Promise<{ leaked: number }> | null = null;

  private constructor(spec: ContainerSpec, context: BubblewrapContainerContext) {
    this.id = spec.executionId;
    this.#spec = spec;
    this.#context = context;
  }

  /** @throws SandboxError kind `validation` for a file that cannot be, `sandbox` where the sandbox cannot be made */
  static async create(spec: ContainerSpec, context: BubblewrapContainerContext): Promise<BubblewrapContainer> {
    const container = new BubblewrapContainer(spec, context);
    try {
      await container.#make();
      return container;
    } catch (error) {
      await container.cleanup();
      throw error;
    }
  }

  get workspace(): string {
    return pathOf(this.#live().workspace);
  }

  async execute(spec: CommandSpec): Promise<BubblewrapProcess> {
    if (this.#used || this.#cleaning !== null) {
      throw new SandboxError('sandbox', 'container_used', `container ${this.id} runs one command, and has had it`);
    }
    this.#used = true;
    const script = await this.#script(spec);
    const sandbox = this.#live();
    const cgroup = this.#cgroup!;
    const accounting = new TaskAccounting(cgroup, HELPERS, this.#before);
    this.#process = new BubblewrapProcess({ sandbox, cgroup, accounting, stdin: spec.stdin });
    sandbox.script.write(script);
    return this.#process;
  }

  collect(patterns: readonly string[], maxBytes: number): Promise<Collection> {
    return collectFiles(this.#root, patterns, maxBytes);
  }

  /**
   * The sum is what the file system has given out, in whole pages: more than the sizes of small files, and nothing for
   * the holes of sparse ones. The largest file is looked for only where one could be near its limit.
   */
  async measureWorkspace(): Promise<WorkspaceMeasure> {
    const { limits } = this.#spec;
    const { blocks, bfree, bsize } = await statfs(this.workspace);
    const used = (blocks - bfree) * bsize;
    const totalBytes = used <= this.#allowedBytes() ? Math.min(used, limits.workspaceBytes) : used;
    const near = used >= 0.8 * limits.fileSizeBytes;
    const files = near ? await measureFiles([this.workspace], new Map()) : { largestFileBytes: 0 };
    return { totalBytes, largestFileBytes: Math.min(files.largestFileBytes, limits.fileSizeBytes) };
  }

  cleanup(): Promise<{ leaked: number }> {
    this.#cleaning ??= this.#cleanUp();
    return this.#cleaning;
  }

  async #make(): Promise<void> {
    const { instance, cgroups } = this.#context;
    const { files, limits, executionId } = this.#spec;
    checkFiles(files, limits);
    this.#cgroup = await cgroups.createGroup(executionId, limits, { helperTasks: HELPERS });
    const cgroup = this.#cgroup;
    this.#sandbox = await launchSandbox({
      ...this.#context,
      fifos: instance.fifos!,
      files,
      privateBytes: this.#allowedBytes() + PAGE_BYTES,
      sharedMemoryBytes: this.#sharedMemoryBytes(),
      procsFiles: cgroup.procsFiles,
      environment: { [INSTANCE_MARKER]: instance.id, [EXECUTION_MARKER]: this.id },
    }).catch(async (error: unknown) => {
      throw await launchFailure(error, cgroup, limits);
    });
    instance.ledger.started({ executionId: this.id, ...identify(this.#sandbox.spawned.pid) });
    await cgroup.resetMemoryPeak();
    this.#before = await cgroup.usage();
  }

  /** Each given file may take up a page more than its size. One page beyond this tells that a task wanted more. */
  #allowedBytes(): number {
    const { files, limits } = this.#spec;
    return Math.ceil(limits.workspaceBytes / PAGE_BYTES) * PAGE_BYTES + files.length * PAGE_BYTES;
  }

  /** What is in there is memory of the task: its cgroup's limit strikes first, where there is one. */
  #sharedMemoryBytes(): number {
    const { memoryBytes } = this.#spec.limits;
    return this.#context.cgroups.support.memory.available ? memoryBytes : Math.min(memoryBytes, UNCOUNTED_MEMORY_BYTES);
  }

  async #script(spec: CommandSpec): Promise<string> {
    const { instance, layout, path, provided, tools } = this.#context;
    const { limits } = this.#spec;
    const cwd = await this.#cwd(spec.cwd);
    const environment = taskEnvironment({
      given: spec.env,
      path,
      workspace: WORKSPACE,
      temporaryDirectory: TEMPORARY,
      instanceId: instance.id,
      executionId: this.id,
    });
    const hostPath = (inside: string) => hostPathOf(layout, provided, this.workspace, inside);
    findOrExplain(spec.command, () => inspectExecutable(spec.command, environment.PATH ?? '', cwd, hostPath));
    const command = [spec.command, ...spec.args];
    await checkArgumentSize([tools.setsid ?? '', '--', ...command], environment);
    return launchScript({ command, environment, cwd, limits, stdin: spec.stdin, setsid: tools.setsid });
  }

  #cwd(cwd: string | undefined): Promise<string> {
    const { allowedCwd } = this.#context;
    const isElsewhere = cwd !== undefined && isAbsolute(cwd) && !isInside(WORKSPACE, cwd);
    return isElsewhere ? resolveCwd(WORKSPACE, cwd, allowedCwd) : resolveCwdInside(this.#root, cwd, allowedCwd);
  }

  get #root(): WorkspaceRoot {
    return { path: this.workspace, seenAs: WORKSPACE };
  }

  #live(): LiveSandbox {
    if (this.#sandbox === null) throw new TypeError('unreachable: a container without its sandbox was used');
    return this.#sandbox;
  }

  async #cleanUp(): Promise<{ leaked: number }> {
    const { instance, logger } = this.#context;
    const sandbox = this.#sandbox;
    const cgroup = this.#cgroup;
    const running =
      this.#process ??
      (sandbox && cgroup
        ? new BubblewrapProcess({ sandbox, cgroup, accounting: new TaskAccounting(cgroup), stdin: 'none' })
        : null);
    const leaked = running ? await terminateOrCount(running, { executionId: this.id, logger }) : 0;
    running?.release();
    await this.#attempt('the workspace could not be let go of', async () => sandbox?.workspace.close());
    await this.#attempt('the cgroups could not be removed', async () => cgroup?.remove());
    if (leaked === 0) instance.ledger.ended(this.id);
    return { leaked };
  }

  /** What cannot be removed now is left to the end of the sidecar, and then to the sweep of the next one. */
  async #attempt(failed: string, remove: () => Promise<unknown>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      this.#context.logger.warn({ err: error, executionId: this.id }, failed);
    }
  }
}

/** The kernel keeps what a descriptor holds open, mounted or not. */
function pathOf({ fd }: FileHandle): string {
  return `/proc/self/fd/${fd}`;
}
