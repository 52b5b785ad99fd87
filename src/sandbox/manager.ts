import type { BackendAvailability, EffectiveLimits, EnforcementTable } from '../../protocol/index.js';
import type { Logger } from '../tracking/index.js';
import type { BackendName, CommandSpec, Container, ContainerSpec, SandboxBackend, SandboxProcess } from './backend.js';
import { chooseBackend, createBackends, tryBackends } from './backends.js';
import { CgroupManager, type CgroupSupport } from './cgroup/index.js';
import { SandboxError } from './errors.js';
import { checkExecutionId } from './execution-id.js';
import { SandboxInstance } from './instance.js';
import { SetupGate } from './setup-gate.js';
import { defaultPath, findTools } from './tools.js';

export interface SandboxManagerOptions {
  /** `auto` takes the strongest backend that works here. */
  readonly backend: 'auto' | BackendName;
  /** Whether all backends are tried, although one is named that works; false where it is left out. */
  readonly tryAll?: boolean;
  /** Where private workspaces are made; the system's temporary directory where it is left out. */
  readonly workspaceRoot?: string;
  /** Whether tasks may use the network. A backend that cannot keep them from it lets them, and `network` tells. */
  readonly network: boolean;
  /** Directories outside the workspace that a task may start in, or below. */
  readonly allowedCwd: readonly string[];
  /** For so many tasks what they need is made ahead, and so many sandboxes `keepWarm` keeps; 4 where it is left out. */
  readonly poolSize?: number;
  /** Whether a `ResourceMonitor` samples the tasks, as `enforcement` tells; true where it is left out. */
  readonly enableMonitoring?: boolean;
  /**
   * The command that sweeps an instance, to which its directory is appended: it runs when this process is killed
   * before it could clean up. Without one, or with an empty one, that is left to the next start.
   */
  readonly sweepCommand?: readonly string[];
  /** Paths beside those of the system that a backend which hides files shows to tasks, read-only; absolute. */
  readonly readOnlyPaths?: readonly string[];
  /** The user that tasks run as where this process is root and the backend can; 65534 where it is left out. */
  readonly sandboxUid?: number;
  readonly logger: Logger;
}

/** The user and the group that own nothing. */
const NOBODY = 65_534;

const DEFAULT_POOL_SIZE = 4;

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
  readonly #cgroups: CgroupManager;
  readonly #setups = new SetupGate(() => this.backend.giveBack());
  readonly #containers = new Map<string, Container>();
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
    this.#cgroups = parts.cgroups;
    this.cgroupSupport = parts.cgroups.support;
  }

  /**
   * Makes the instance's private directory, clears up after instances that died, and chooses the backend.
   * @throws SandboxError kind `sandbox` where the backend is not available or the workspace root cannot be used
   */
  static async create(options: SandboxManagerOptions): Promise<SandboxManager> {
    const { allowedCwd, network, enableMonitoring = true, logger } = options;
    const tools = await findTools();
    const instance = await SandboxInstance.open({
      tools,
      workspaceRoot: options.workspaceRoot,
      sweepCommand: options.sweepCommand ?? [],
      poolSize: options.poolSize ?? DEFAULT_POOL_SIZE,
      logger,
    });
    let cgroups: CgroupManager | null = null;
    try {
      cgroups = await CgroupManager.create(instance.id, {
        record: async (directories) => instance.ledger.cgroups(directories),
      });
      const { readOnlyPaths = [], sandboxUid = NOBODY, poolSize = DEFAULT_POOL_SIZE } = options;
      const shared = { instance, tools, cgroups, poolSize, logger };
      const backends = createBackends({
        ...shared,
        allowedCwd,
        network,
        enableMonitoring,
        readOnlyPaths,
        sandboxUid,
      });
      const available = await tryBackends(backends, options);
      const backend = chooseBackend(options.backend, backends, available);
      const enforcement = await backend.enforcement();
      return new SandboxManager({ backend, available, enforcement, instance, cgroups }, options);
    } catch (error) {
      await cgroups?.close();
      await instance.close();
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
   * leaves the workspace, `sandbox` where it cannot be made, where too many
   * files are open, where the id is in use, or where the manager is closed
   */
  async createContainer(spec: ContainerSpec): Promise<Container> {
    this.#checkOpen();
    checkExecutionId(spec.executionId, (id) => this.#containers.has(id));
    const container = await this.#setups.pass(() => this.backend.createContainer(spec));
    this.#containers.set(container.id, container);
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

  /** Starts the command of a container; see `Container.execute` for what it throws. */
  executeInContainer(container: Container, spec: CommandSpec): Promise<SandboxProcess> {
    return this.#setups.pass(() => container.execute(spec));
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
    const outcomes = await Promise.all(Array.from(this.#containers.values(), (each) => this.cleanupContainer(each)));
    outcomes.push(await this.backend.close());
    const leaked = outcomes.reduce((sum, outcome) => sum + outcome.leaked, 0);
    const left = await this.#cgroups.close();
    await this.#instance.close({ keepDirectory: leaked > 0 || left.length > 0 });
    return { leaked };
  }
}

interface ManagerParts {
  readonly backend: SandboxBackend;
  readonly available: BackendAvailability[];
  readonly enforcement: EnforcementTable;
  readonly instance: SandboxInstance;
  readonly cgroups: CgroupManager;
}
