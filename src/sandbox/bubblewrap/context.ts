import type { Logger } from '../../tracking/index.js';
import type { CgroupManager } from '../cgroup/index.js';
import type { SandboxInstance } from '../instance.js';
import type { Starting } from '../starting.js';
import type { TaskUser } from './identity.js';
import type { BubblewrapTools } from './launch.js';
import type { Layout, ProvidedFiles } from './layout.js';

/** What the sandboxes of the `bubblewrap` backend have in common. */
export interface BubblewrapContext {
  readonly instance: SandboxInstance;
  readonly starting: Starting;
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
