import type { BackendAvailability, EnforcementTable } from '../../protocol/index.js';
import type { Container, ContainerSpec, SandboxBackend } from './backend.js';
import type { BackendContext } from './backends.js';
import { ProcessContainer, type ProcessContainerContext } from './process-container.js';

/**
 * Runs commands as ordinary processes of the sidecar's user: on every Unix, and without isolation. A task has a
 * private workspace, an environment of its own, its rlimits, and none of its processes outlives it; but it can read
 * and write whatever that user can, and reach the network.
 */
export class ProcessBackend implements SandboxBackend {
  readonly name = 'process';
  readonly isolatesNetwork = false;
  readonly #context: BackendContext;

  constructor(context: BackendContext) {
    this.#context = context;
  }

  async probe(): Promise<BackendAvailability> {
    const reason = this.#obstacle();
    return { backend: this.name, ok: reason === null, ...(reason !== null && { reason }) };
  }

  /**
   * `rlimit` is per process. What is sampled is known for the whole tree but only every 100 ms, and not at all without
   * the monitor: then CPU time is left to the rlimit alone.
   */
  async enforcement(): Promise<EnforcementTable> {
    const sampled = this.#context.enableMonitoring ? 'sampled' : 'unavailable';
    return {
      timeoutMs: 'timer',
      cpuTimeMs: this.#context.enableMonitoring ? 'sampled' : 'rlimit',
      memoryBytes: sampled,
      processes: sampled,
      outputBytes: 'counter',
      fileSizeBytes: 'rlimit',
      openFiles: 'rlimit',
      workspaceBytes: sampled,
      cpuPercent: 'unavailable',
    };
  }

  createContainer(spec: ContainerSpec): Promise<Container> {
    return ProcessContainer.create(spec, this.#containerContext());
  }

  #obstacle(): string | null {
    const { tools } = this.#context;
    if (process.platform === 'win32') return 'it needs a Unix system: process groups, signals and rlimits';
    if (tools.shell === null) return 'there is no /bin/sh to set the limits of a task with';
    return null;
  }

  #containerContext(): ProcessContainerContext {
    const { tools, instance, allowedCwd, logger } = this.#context;
    if (tools.shell === null) throw new TypeError('unreachable: a backend that does not work was used');
    return { instance, tools: { shell: tools.shell, setpriv: tools.setpriv }, allowedCwd, logger };
  }
}
