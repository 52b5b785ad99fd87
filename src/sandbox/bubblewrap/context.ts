import type { Logger } from '../../tracking/index.js';
import type { CgroupManager } from '../cgroup/index.js';
import type { SandboxInstance } from '../instance.js';
import type { Starting } from '../starting.js';
import type { TaskUser } from './identity.js';
import type { Layout, ProvidedFiles } from './layout.js';
import type { SandboxMaker } from './live-sandbox.js';
import type { WarmPool } from './warm-pool.js';

/** The programs that a sandbox is made with, as absolute paths. */
export interface BubblewrapTools {
  readonly bwrap: string;
  readonly awk: string;
  readonly setsid: string | null;
  readonly tar: string;
}

/** What sandboxes are made of. */
export interface MakingContext {
  readonly starting: Starting;
  readonly tools: BubblewrapTools;
  readonly user: TaskUser;
  /** What the sidecar puts into each sandbox. */
  readonly provided: ProvidedFiles;
  /** A file with the seccomp filter; null where there is none for this machine. */
  readonly seccompFile: string | null;
  readonly layout: Layout;
  readonly network: boolean;
}

/** What the sandboxes of the `bubblewrap` backend have in common. */
export interface BubblewrapContext extends Pick<MakingContext, 'layout' | 'provided'> {
  readonly instance: SandboxInstance;
  readonly cgroups: CgroupManager;
  readonly maker: SandboxMaker;
  /** The PATH of a task that sets none. */
  readonly path: string;
  readonly allowedCwd: readonly string[];
  readonly pool: WarmPool;
  readonly logger: Logger;
}
