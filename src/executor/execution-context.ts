import type { ResourceMonitor } from '../monitor/index.js';
import type { SandboxManager } from '../sandbox/index.js';
import type { Logger, QueueRegistry } from '../tracking/index.js';

/** What every execution of a task works with. */
export interface ExecutionContext {
  readonly sandbox: SandboxManager;
  readonly monitor: ResourceMonitor;
  readonly registry: QueueRegistry;
  readonly logger: Logger;
  readonly maxResultBytes: number;
  /** Counts processes that could not be killed. */
  readonly onLeak: (processes: number) => void;
}
