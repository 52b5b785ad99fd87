import { join } from 'node:path';
import type { Logger } from '../tracking/index.js';
import type { CommandSpec, Container, ContainerSpec, SandboxProcess, WorkspaceMeasure } from './backend.js';
import type { CgroupManager, TaskCgroup } from './cgroup/index.js';
import { type Collection, collectFiles } from './collect.js';
import type { CommandStarter } from './command-starter.js';
import { resolveCwd } from './cwd.js';
import { taskEnvironment } from './environment.js';
import { containerUsed } from './errors.js';
import { inspectExecutable } from './executable.js';
import { GroupedProcess } from './grouped-process.js';
import type { SandboxInstance } from './instance.js';
import { makeDirectories } from './make-directories.js';
import { measureFiles } from './measure.js';
import type { ProcessIdentity } from './process-entry.js';
import { ProcessTree } from './process-tree.js';
import { terminateOrCount } from './repeatable-kill.js';
import { rlimitsOf } from './rlimits.js';
import { SETUP_DESCRIPTORS } from './setup-gate.js';
import type { SpareDirectories } from './spare-directories.js';
import { type GivenFiles, writeFiles } from './workspace-files.js';

/** What the containers of the `process` backend have in common. */
export interface ProcessContainerContext {
  readonly instance: SandboxInstance;
  readonly cgroups: CgroupManager;
  readonly starter: CommandStarter;
  readonly spareDirectories: SpareDirectories;
  /** The PATH of a task that sets none. */
  readonly path: string;
  readonly allowedCwd: readonly string[];
  readonly logger: Logger;
}

const NO_FILES: GivenFiles = new Map();
const NOTHING_IN_IT: WorkspaceMeasure = { totalBytes: 0, largestFileBytes: 0 };

/** A private workspace, and one command that runs in it as an ordinary process of the sidecar's user. */
export class ProcessContainer implements Container {
  readonly id: string;
  readonly workspace: string;
  readonly descriptorsToStart = SETUP_DESCRIPTORS;
  readonly #temporary: string;
  /** The directories that are still to be made. */
  #missing: string[] = [];
  readonly #spec: ContainerSpec;
  readonly #context: ProcessContainerContext;
  #given: GivenFiles = NO_FILES;
  #cgroup: TaskCgroup | null = null;
  #starting: Promise<GroupedProcess> | null = null;
  #cleaning: Promise<{ leaked: number }> | null = null;

  private constructor(spec: ContainerSpec, context: ProcessContainerContext) {
    const { workspaces, temporary } = context.instance.paths;
    this.id = spec.executionId;
    this.#spec = spec;
    this.#context = context;
    this.workspace = this.#placeIn(workspaces);
    this.#temporary = this.#placeIn(temporary);
  }

  /** @throws SandboxError kind `validation` for a file that cannot be, `sandbox` where the disk fails */
  static async create(spec: ContainerSpec, context: ProcessContainerContext): Promise<ProcessContainer> {
    const container = new ProcessContainer(spec, context);
    try {
      if (spec.files.length > 0) {
        await makeDirectories(container.#takeMissing());
        container.#given = await writeFiles(container.workspace, spec.files, spec.limits);
      }
      container.#cgroup = context.cgroups.planGroup(spec.limits);
      return container;
    } catch (error) {
      await container.cleanup();
      throw error;
    }
  }

  async execute(spec: CommandSpec): Promise<SandboxProcess> {
    if (this.#starting !== null || this.#cleaning !== null) throw containerUsed(this.id);
    this.#starting = this.#start(spec);
    return this.#starting;
  }

  collect(patterns: readonly string[], maxBytes: number): Promise<Collection> {
    return collectFiles({ path: this.workspace, seenAs: this.workspace }, patterns, maxBytes);
  }

  async measureWorkspace(): Promise<WorkspaceMeasure> {
    const { spareDirectories } = this.#context;
    if (this.#directories.every((path) => spareDirectories.isUntouched(path))) return NOTHING_IN_IT;
    return measureFiles(this.#directories, this.#given);
  }

  cleanup(): Promise<{ leaked: number }> {
    this.#cleaning ??= this.#cleanUp();
    return this.#cleaning;
  }

  get #directories(): readonly string[] {
    return [this.workspace, this.#temporary];
  }

  /** A directory for this container: a spare one, or one that is to be made. */
  #placeIn(parent: string): string {
    const spare = this.#context.spareDirectories.take();
    if (spare !== null) return spare;
    const path = join(parent, this.id);
    this.#missing.push(path);
    return path;
  }

  /** The directories that are still to be made, which the caller does. */
  #takeMissing(): string[] {
    return this.#missing.splice(0);
  }

  async #start(spec: CommandSpec): Promise<GroupedProcess> {
    const { instance, starter, path, allowedCwd } = this.#context;
    // Who starts the command makes the directories at less cost, where nothing has to be in them before.
    const missing = this.#takeMissing();
    const isLate = spec.cwd === undefined;
    if (!isLate) await makeDirectories(missing);
    const cwd = await resolveCwd(this.workspace, spec.cwd, allowedCwd);
    const environment = taskEnvironment({
      given: spec.env,
      path,
      workspace: this.workspace,
      temporaryDirectory: this.#temporary,
      instanceId: instance.id,
      executionId: this.id,
    });
    const spawned = await starter.start({
      file: inspectExecutable(spec.command, environment.PATH ?? '', cwd),
      argv: [spec.command, ...spec.args],
      directories: isLate ? missing : [],
      cwd,
      environment,
      stdin: spec.stdin,
      descriptors: [],
      cgroup: this.#cgroup,
      rlimits: rlimitsOf(this.#spec.limits),
      user: null,
    });
    const root = spawned.identity;
    instance.ledger.started({ executionId: this.id, ...root });
    return new GroupedProcess(spawned, this.#treeOf(root), this.#cgroup);
  }

  #treeOf(root: ProcessIdentity): ProcessTree {
    const { id: instanceId } = this.#context.instance;
    return new ProcessTree({
      roots: [root],
      groups: [root.pid],
      since: root.startTime ?? 0,
      isMarked: (markers) => markers.executionId === this.id && markers.instanceId === instanceId,
    });
  }

  async #cleanUp(): Promise<{ leaked: number }> {
    const started = await this.#starting?.catch(() => null);
    const leaked = started
      ? await terminateOrCount(started, { executionId: this.id, logger: this.#context.logger })
      : 0;
    started?.release(leaked > 0);
    await this.#letGoOfCgroup(leaked === 0 && started?.hasLeftNobody === true);
    await this.#remove(this.workspace);
    await this.#remove(this.#temporary);
    if (leaked === 0) this.#context.instance.ledger.ended(this.id);
    return { leaked };
  }

  async #letGoOfCgroup(isEmpty: boolean): Promise<void> {
    try {
      await (isEmpty ? this.#cgroup?.giveBack() : this.#cgroup?.remove());
    } catch (error) {
      this.#context.logger.warn({ err: error, executionId: this.id }, 'the cgroups of a task could not be removed');
    }
  }

  /** What cannot be removed now is left to the end of the sidecar, and then to the sweep of the next one. */
  async #remove(directory: string): Promise<void> {
    try {
      await this.#context.spareDirectories.giveBack(directory);
    } catch (error) {
      this.#context.logger.warn({ err: error, executionId: this.id, directory }, 'a workspace could not be removed');
    }
  }
}
