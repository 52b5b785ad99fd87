import type { BackendAvailability, EnforcementTable } from '../../protocol/index.js';
import type { Container, ContainerSpec, SandboxBackend } from './backend.js';
import type { BackendContext } from './backends.js';
import { enforcementTable } from './enforcement.js';
import { ProcessContainer, type ProcessContainerContext } from './process-container.js';
import { SpareDirectories } from './spare-directories.js';
import { defaultPath } from './tools.js';

/**
 * Runs commands as ordinary processes of the sidecar's user: on every Unix, and without isolation. A task has a
 * private workspace, an environment of its own, its rlimits, and none of its processes outlives it; but it can read
 * and write whatever that user can, and reach the network.
 */
export class ProcessBackend implements SandboxBackend {
  readonly name = 'process';
  readonly isolatesNetwork = false;
  readonly #context: BackendContext;
  #shared: ProcessContainerContext | null = null;

  constructor(context: BackendContext) {
    this.#context = context;
  }

  async probe(): Promise<BackendAvailability> {
    const reason = this.#obstacle();
    return { backend: this.name, ok: reason === null, ...(reason !== null && { reason }) };
  }

  async enforcement(): Promise<EnforcementTable> {
    const { cgroups, enableMonitoring } = this.#context;
    return enforcementTable({ cgroups: cgroups.support, sampled: enableMonitoring, workspaceIsMount: false });
  }

  createContainer(spec: ContainerSpec): Promise<Container> {
    this.#shared ??= this.#containerContext();
    return ProcessContainer.create(spec, this.#shared);
  }

  /** There is nothing that would be worth making beforehand. */
  keepWarm(): void {}

  giveBack(): void {
    void this.#context.cgroups.dropSpare();
  }

  async close(): Promise<{ leaked: number }> {
    return { leaked: 0 };
  }

  #obstacle(): string | null {
    const { starting } = this.#context;
    if (process.platform === 'win32') return 'it needs a Unix system: process groups, signals and rlimits';
    if (starting.starter === null) return 'there is neither /bin/sh nor perl to set the limits of a task with';
    return null;
  }

  #containerContext(): ProcessContainerContext {
    const { starting, instance, cgroups, allowedCwd, logger } = this.#context;
    if (starting.starter === null) throw new TypeError('unreachable: a backend that does not work was used');
    const spareDirectories = new SpareDirectories(instance.paths.spare);
    return { instance, cgroups, starter: starting.starter, spareDirectories, path: defaultPath(), allowedCwd, logger };
  }
}
