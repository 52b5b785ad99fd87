import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendAvailability, EffectiveLimits, EnforcementTable } from '../../../protocol/index.js';
import type { Container, ContainerSpec, ExitStatus, SandboxBackend } from '../backend.js';
import type { BackendContext } from '../backends.js';
import { enforcementTable } from '../enforcement.js';
import { newUuid } from '../new-uuid.js';
import { assembleSeccompFilter, seccompArchitecture } from '../seccomp/index.js';
import { within } from '../within.js';
import { checkFiles } from '../workspace-files.js';
import { BubblewrapContainer } from './container.js';
import type { BubblewrapContext, BubblewrapTools, MakingContext } from './context.js';
import { CopyingMaker } from './copying-maker.js';
import { taskUser, writeIdentityFiles } from './identity.js';
import { findLayout, visiblePath } from './layout.js';
import type { SandboxMaker } from './live-sandbox.js';
import { policyOf, type SandboxPolicy } from './policy.js';
import { PreparedSandbox } from './prepared-sandbox.js';
import { SpawningMaker } from './spawning-maker.js';
import { WarmPool } from './warm-pool.js';

/**
 * Runs each command in a sandbox that bubblewrap makes of Linux namespaces: it sees the programs of the system and its
 * own files, and nothing of the host's users, processes, network and sockets; it is an unprivileged user without
 * capabilities, under a seccomp filter; and nothing of it outlives the first process of its namespace.
 */
export class BubblewrapBackend implements SandboxBackend {
  readonly name = 'bubblewrap';
  readonly isolatesNetwork = true;
  readonly #context: BackendContext;
  readonly #pool: WarmPool;
  #tidying: Promise<unknown> = Promise.resolve();
  #shared: BubblewrapContext | null = null;

  constructor(context: BackendContext) {
    this.#context = context;
    const { poolSize, logger } = context;
    const make = async (id: string, policy: SandboxPolicy) => PreparedSandbox.make(id, policy, this.#sharedContext());
    this.#pool = new WarmPool({ size: poolSize, make, logger });
  }

  /** Makes a sandbox and runs a command in it: whatever stands in the way of one is the reason. */
  async probe(): Promise<BackendAvailability> {
    const reason = this.#obstacle() ?? (await this.#tryBoth());
    return { backend: this.name, ok: reason === null, ...(reason !== null && { reason }) };
  }

  async enforcement(): Promise<EnforcementTable> {
    const { cgroups, enableMonitoring } = this.#context;
    return enforcementTable({ cgroups: cgroups.support, sampled: enableMonitoring, workspaceIsMount: true });
  }

  async createContainer(spec: ContainerSpec): Promise<Container> {
    checkFiles(spec.files, spec.limits);
    try {
      const sandbox = await this.#pool.take(this.#policyOf(spec), spec.executionId);
      return await BubblewrapContainer.create(spec, this.#sharedContext(), sandbox);
    } catch (error) {
      this.#pool.over();
      throw error;
    }
  }

  keepWarm(limits: EffectiveLimits): void {
    this.#pool.start(this.#policyOf({ limits, files: [] }));
  }

  giveBack(): void {
    this.#pool.giveBack();
    void this.#context.cgroups.dropSpare();
  }

  async close(): Promise<{ leaked: number }> {
    await this.#tidying;
    const closed = await this.#pool.close();
    this.#shared?.maker.close();
    return closed;
  }

  #policyOf(spec: Pick<ContainerSpec, 'limits' | 'files'>): SandboxPolicy {
    return policyOf(spec, this.#context.cgroups.support.memory.available);
  }

  #obstacle(): string | null {
    const { tools, starting, sandboxUid } = this.#context;
    if (process.platform !== 'linux') return 'it needs Linux';
    if (tools.bwrap === null) return 'bwrap is not installed (package bubblewrap)';
    if (tools.shell === null) return 'there is no /bin/sh';
    if (tools.awk === null) return 'awk is not installed';
    if (tools.tar === null) return 'tar is not installed';
    if (starting.fifos === null) return 'neither perl nor mkfifo is installed (package coreutils)';
    if (process.getuid?.() !== 0) return null;
    if (sandboxUid === 0) return 'the setting sandboxUid is 0, and tasks never run as root';
    return starting.changesUser
      ? null
      : 'neither perl nor setpriv of util-linux is installed, and tasks never run as root';
  }

  /** Where sandboxes cannot be copied, which needs a little more of the kernel, bubblewrap makes each of them. */
  async #tryBoth(): Promise<string | null> {
    const reason = await this.#tryOut();
    const { maker } = this.#sharedContext();
    if (reason === null || !(maker instanceof CopyingMaker)) return reason;
    this.#context.logger.info({ reason }, 'sandboxes cannot be copied here: bubblewrap is to make each of them');
    maker.close();
    this.#shared = this.#prepare(SpawningMaker);
    return this.#tryOut();
  }

  /** The command dies by a signal, which not everything that could be in its way tells from an exit code. */
  async #tryOut(): Promise<string | null> {
    try {
      const container = await this.createContainer({ executionId: newUuid(), limits: PROBE_LIMITS, files: [] });
      try {
        const args = ['-c', 'kill -KILL $$'];
        const command = { command: '/bin/sh', args, env: [], cwd: undefined, stdin: 'none' } as const;
        const { exited } = await container.execute(command);
        const exit = await within<ExitStatus | null>(exited, PROBE_LIMITS.timeoutMs, () => null);
        if (exit?.signal === 'SIGKILL') return null;
        return `a command that kills itself was seen to end with ${JSON.stringify(exit)}`;
      } finally {
        // Whether it works is known by now, and nobody has to wait for the rest.
        this.#tidying = container.cleanup().catch((error: unknown) => {
          this.#context.logger.warn({ err: error }, 'the sandbox that was tried out could not be cleaned up');
        });
      }
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #sharedContext(): BubblewrapContext {
    this.#shared ??= this.#prepare(this.#context.starting.forkServers === null ? SpawningMaker : CopyingMaker);
    return this.#shared;
  }

  #prepare(Maker: new (context: MakingContext) => SandboxMaker): BubblewrapContext {
    const { instance, starting, cgroups, allowedCwd, network, readOnlyPaths, sandboxUid, logger } = this.#context;
    const user = taskUser(sandboxUid);
    const { directory } = instance.paths;
    const layout = findLayout({ network, readOnlyPaths: [...readOnlyPaths, ...allowedCwd] });
    const provided = writeIdentityFiles(directory, { user, network });
    const tools = this.#tools();
    const maker = new Maker({ starting, tools, user, provided, seccompFile: writeFilter(directory), layout, network });
    return {
      instance,
      cgroups,
      maker,
      provided,
      layout,
      path: visiblePath(layout),
      allowedCwd,
      pool: this.#pool,
      logger,
    };
  }

  #tools(): BubblewrapTools {
    const { shell, bwrap, awk, setsid, tar } = this.#context.tools;
    if (shell === null || bwrap === null || awk === null || tar === null) {
      throw new TypeError('unreachable: a backend that does not work was used');
    }
    return { bwrap, awk, setsid, tar };
  }
}

function writeFilter(directory: string): string | null {
  const architecture = seccompArchitecture();
  if (architecture === null) return null;
  const path = join(directory, 'seccomp.bpf');
  writeFileSync(path, assembleSeccompFilter(architecture), { mode: 0o600 });
  return path;
}

/** The limits of a sandbox that only shows that it can be made. */
const PROBE_LIMITS: EffectiveLimits = {
  timeoutMs: 10_000,
  cpuTimeMs: 10_000,
  memoryBytes: 268_435_456,
  processes: 64,
  openFiles: 256,
  fileSizeBytes: 1_048_576,
  outputBytes: 4_096,
  workspaceBytes: 1_048_576,
  cpuPercent: null,
};
