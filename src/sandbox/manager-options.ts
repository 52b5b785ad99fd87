import type { BackendAvailability, EnforcementTable } from '../../protocol/index.js';
import type { Logger } from '../tracking/index.js';
import type { BackendName, SandboxBackend } from './backend.js';
import type { CgroupManager } from './cgroup/index.js';
import type { HeadStart } from './head-start.js';
import type { SandboxInstance } from './instance.js';
import type { Starting } from './starting.js';
import type { SandboxTools } from './tools.js';

/** What a `SandboxManager` is made with. */
export interface SandboxManagerOptions {
  /** `auto` takes the strongest backend that works here. */
  readonly backend: 'auto' | BackendName;
  /** Whether all backends are tried, although one is named that works; false where it is left out. */
  readonly tryAll?: boolean;
  /** What was started beforehand, to be closed with the manager; it is started now where it is left out. */
  readonly headStart?: HeadStart;
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
  /** The programs of the system that sandboxes are made with, for a head start that is made now. */
  readonly tools?: SandboxTools;
  readonly logger: Logger;
}

/** What a `SandboxManager` consists of, once all of it is there. */
export interface ManagerParts {
  readonly backends: readonly SandboxBackend[];
  readonly backend: SandboxBackend;
  readonly available: BackendAvailability[];
  readonly enforcement: EnforcementTable;
  readonly instance: SandboxInstance;
  readonly starting: Starting;
  readonly cgroups: CgroupManager;
}
