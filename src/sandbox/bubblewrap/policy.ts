import type { ContainerSpec } from '../backend.js';
import type { CgroupLimits } from '../cgroup/index.js';

/** What of a task decides how its sandbox is made, and holds for it from then on. */
export interface SandboxPolicy extends CgroupLimits {
  /** The size of its tmpfs. */
  readonly privateBytes: number;
  /** The size of its /dev/shm. */
  readonly sharedMemoryBytes: number;
  /** Whether it is given files. */
  readonly hasFiles: boolean;
  /** The same for policies that are the same, and for no others. */
  readonly key: string;
}

/** What of a task its policy comes from. */
type PolicySource = Pick<ContainerSpec, 'limits' | 'files'>;

const PAGE_BYTES = 4_096;

/** The most that /dev/shm holds where nobody counts what is in it. */
const UNCOUNTED_MEMORY_BYTES = 67_108_864;

/** @param memoryIsCounted whether cgroups limit memory: what is in /dev/shm is the task's, and that limit strikes first */
export function policyOf(spec: PolicySource, memoryIsCounted: boolean): SandboxPolicy {
  const { memoryBytes, processes, cpuPercent } = spec.limits;
  const values = {
    ...{ memoryBytes, processes, cpuPercent },
    privateBytes: allowedBytes(spec) + PAGE_BYTES,
    sharedMemoryBytes: memoryIsCounted ? memoryBytes : Math.min(memoryBytes, UNCOUNTED_MEMORY_BYTES),
    hasFiles: spec.files.length > 0,
  };
  return { ...values, key: JSON.stringify(values) };
}

/**
 * What the workspace may hold: each given file may take up a page more than its size. One page beyond this tells that a
 * task wanted more.
 */
export function allowedBytes({ files, limits }: PolicySource): number {
  return Math.ceil(limits.workspaceBytes / PAGE_BYTES) * PAGE_BYTES + files.length * PAGE_BYTES;
}
