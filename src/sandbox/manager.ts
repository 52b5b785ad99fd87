import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BackendAvailability, EffectiveLimits, EnforcementTable } from '../../protocol/index.js';
import type { CommandSpec, Container, ContainerSpec, SandboxBackend, SandboxProcess } from './backend.js';
import { chooseBackend, createBackends, tryBackends } from './backends.js';
import { CgroupManager, type CgroupSupport } from './cgroup/index.js';
import { SandboxError } from './errors.js';
import { checkExecutionId, idInUse } from './execution-id.js';
import { HeadStart } from './head-start.js';
import { SandboxInstance } from './instance.js';
import type { ManagerParts, SandboxManagerOptions } from './manager-options.js';
import { SetupGate } from './setup-gate.js';
import { openStarting, type Starting } from './starting.js';
import { defaultPath } from './tools.js';

/** The user and the group that own nothing. */
const NOBODY = 65_534;

const DEFAULT_POOL_SIZE = 4;

/** For each of so many tasks: its three streams, and what a sandbox is told its command by. */
const PIPES_PER_TASK = 4;

/** Creates the places where tasks run, executes commands in them, and cleans them up. Owns all that it creates. */
export class SandboxManager {
  readonly backend: SandboxBackend;
  /** Every backend, and why it is not available where it is not, or was not tried. */
  readonly available: BackendAvailability[];
  /** Who enforces each limit. */
  readonly enforcement: EnforcementTable;
  /** Whether tasks can use the network. */
  readonly network: boolean;
  /** Stands for everything about the sandbox that a task's result may depend on. */
  readonly policy: string;
  /** What cgroups can do for tasks here, and why they cannot do the rest. */
  readonly cgroupSupport: CgroupSupport;
  readonly #instance: SandboxInstance;
  readonly #starting: Starting;
  readonly #backends: readonly SandboxBackend[];
  readonly #cgroups: CgroupManager;
  readonly #setups = new SetupGate(() => this.backend.giveBack());
  /** By execution id; null while one is being made. */
  readonly #containers = new Map<string, Container | null>();
  #closing: Promise<{ leaked: number }> | null = null;

  private constructor(parts: ManagerParts, options: SandboxManagerOptions) {
    const { network, allowedCwd, readOnlyPaths, sandboxUid } = options;
    this.backend = parts.backend;
    this.available = parts.available;
    this.enforcement = parts.enforcement;
    this.network = network || !parts.backend.isolatesNetwork;
    this.policy = JSON.stringify([
      this.backend.name,
      this.network,
      allowedCwd,
      readOnlyPaths,
      sandboxUid,
      defaultPath(),
    ]);
    this.#instance = parts.instance;
    this.#starting = parts.starting;
    this.#backends = parts.backends;
    this.#cgroups = parts.cgroups;
    this.cgroupSupport = parts.cgroups.support;
  }

  /**
   * Makes the instance's private directory, clears up after instances that died, and chooses the backend.
   * @throws SandboxError kind `sandbox` where the backend is not available or the workspace root cannot be used
   */
  static async create(options: SandboxManagerOptions): Promise<SandboxManager> {
    const { allowedCwd, network, enableMonitoring = true, logger } = options;
    const headStart = options.headStart ?? new HeadStart(logger, options.tools);
    const { tools } = headStart;
    let instance: SandboxInstance | null = null;
    let cgroups: CgroupManager | null = null;
    let starting: Starting | null = null;
    let backends: SandboxBackend[] = [];
    try {
      instance = await SandboxInstance.open({
        id: headStart.instanceId,
        tools,
        workspaceRoot: options.workspaceRoot,
        sweepCommand: options.sweepCommand ?? [],
        logger,
      });
      const { ledger } = instance;
      cgroups = await CgroupManager.create(instance.id, {
        record: async (directories) => ledger.cgroups(directories),
        helpers: headStart.pids,
      });
      const { readOnlyPaths = [], sandboxUid = NOBODY, poolSize = DEFAULT_POOL_SIZE } = options;
      starting = await openStarting({
        tools,
        forkServers: headStart.forkServers,
        directory: instance.fifoDirectory,
        reserve: PIPES_PER_TASK * poolSize,
      });
      starting.forkServers?.join(cgroups.joinFiles);
      const shared = { instance, tools, starting, cgroups, poolSize, logger };
      backends = createBackends({ ...shared, allowedCwd, network, enableMonitoring, readOnlyPaths, sandboxUid });
      const trying = tryBackends(backends, options);
      // Once what is tried has been spawned, there is time for the guardian.
      await nextTurn();
      instance.guard();
      const available = await trying;
      const backend = chooseBackend(options.backend, backends, available);
      const enforcement = await backend.enforcement();
      return new SandboxManager({ backends, backend, available, enforcement, instance, starting, cgroups }, options);
    } catch (error) {
      await closeAll(backends);
      await starting?.close();
      await headStart.close();
      await cgroups?.close();
      await instance?.close();
      throw error;
    }
  }

  /** Containers that were created and are not cleaned up yet, or could not be. */
  get activeContainers(): number {
    return this.#containers.size;
  }

  /**
   * Makes the place where one task runs.
   * @throws SandboxError kind `validation` for an execution id that is no name of a directory and for a file path that
   * leaves the workspace, `sandbox` where it cannot be made, where too many files are open, where the id is in use, or
   * where the manager is closed
   */
  async createContainer(spec: ContainerSpec): Promise<Container> {
    this.#checkOpen();
    checkExecutionId(spec.executionId);
    const container = await this.#create(spec);
    if (this.#closing !== null) await this.cleanupContainer(container);
    this.#checkOpen();
    return container;
  }

  /**
   * From now on sandboxes are made beforehand where the backend can, as many as `poolSize` says: first for tasks of these
   * limits, then for such as come. They are no containers, and nobody waits for them.
   */
  keepWarm(limits: EffectiveLimits): void {
    this.backend.keepWarm(limits);
  }

  async #create(spec: ContainerSpec): Promise<Container> {
    const { executionId } = spec;
    if (this.#containers.has(executionId)) throw idInUse(executionId);
    this.#containers.set(executionId, null);
    try {
      const container = await this.#setups.pass(() => this.backend.createContainer(spec));
      this.#containers.set(executionId, container);
      return container;
    } catch (error) {
      this.#containers.delete(executionId);
      throw error;
    }
  }

  /** Starts the command of a container; see `Container.execute` for what it throws. */
  executeInContainer(container: Container, spec: CommandSpec): Promise<SandboxProcess> {
    return this.#setups.pass(() => container.execute(spec), container.descriptorsToStart);
  }

  /** Kills what is left in a container and removes it. Idempotent. Tells how many processes would not die. */
  async cleanupContainer(container: Container): Promise<{ leaked: number }> {
    const outcome = await container.cleanup();
    // One with processes that would not die is remembered until the end: the ledger has to outlive them.
    if (outcome.leaked === 0) this.#containers.delete(container.id);
    return outcome;
  }

  /** Cleans up every container and the instance. Idempotent. Tells how many processes would not die. */
  close(): Promise<{ leaked: number }> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw new SandboxError('sandbox', 'closed', 'the sandbox manager is closed');
  }

  async #close(): Promise<{ leaked: number }> {
    const containers = Array.from(this.#containers.values()).filter((container) => container !== null);
    const outcomes = await Promise.all(containers.map((container) => this.cleanupContainer(container)));
    outcomes.push(...(await closeAll(this.#backends)));
    const leaked = outcomes.reduce((sum, outcome) => sum + outcome.leaked, 0);
    await this.#starting.close();
    const left = await this.#cgroups.close();
    await this.#instance.close({ keepDirectory: leaked > 0 || left.length > 0 });
    return { leaked };
  }
}

function closeAll(backends: readonly SandboxBackend[]): Promise<{ leaked: number }[]> {
  return Promise.all(backends.map((backend) => backend.close()));
}
