import type { EnforcementMechanism, EnforcementTable } from '../../protocol/index.js';
import type { CgroupFeature, CgroupSupport } from './cgroup/index.js';

export interface EnforcementOptions {
  readonly cgroups: CgroupSupport;
  /** Whether a monitor samples the tasks: what it cannot see is then left to rlimits, or to nobody. */
  readonly sampled: boolean;
  /** Whether the workspace is a file system of its own, of a fixed size. */
  readonly workspaceIsMount: boolean;
}

/**
 * Who enforces each limit: cgroups where the kernel has the controller, else the monitor by samples. `rlimit` holds
 * for each process, everything else for the whole tree. CPU time is counted by the kernel where cgroups are named;
 * the monitor kills at the next look at the counter.
 */
export function enforcementTable({ cgroups, sampled, workspaceIsMount }: EnforcementOptions): EnforcementTable {
  const fallback = sampled ? 'sampled' : 'unavailable';
  const by = (feature: CgroupFeature, otherwise: EnforcementMechanism): EnforcementMechanism => {
    const found = cgroups[feature];
    return found.available ? found.mechanism : otherwise;
  };
  return {
    timeoutMs: 'timer',
    cpuTimeMs: sampled ? by('cpuTime', 'sampled') : 'rlimit',
    memoryBytes: by('memory', fallback),
    processes: by('pids', fallback),
    outputBytes: 'counter',
    fileSizeBytes: 'rlimit',
    openFiles: 'rlimit',
    workspaceBytes: workspaceIsMount ? 'tmpfs' : fallback,
    cpuPercent: by('cpu', 'unavailable'),
  };
}
