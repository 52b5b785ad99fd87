import type { MonitorTarget } from './monitor-target.js';

/** What a process tree uses at one moment, and what it has used until then. */
export interface TreeSample {
  readonly processes: number;
  readonly memoryBytes: number;
  /** CPU time of everything that ran in the tree so far. */
  readonly cpuMs: number;
  /** The parts of `cpuMs`; null where the system does not tell them apart. */
  readonly userMs: number | null;
  readonly systemMs: number | null;
}

/** Where the figures come from: sampling here; the kernel's own accounting of a cgroup is another way. */
export interface UsageSampler {
  /** Samples all trees at once, by execution id. One that cannot be seen, or of which nothing is alive, is left out. */
  sample(targets: readonly MonitorTarget[]): Promise<ReadonlyMap<string, TreeSample>>;
  /** A task has ended: nothing of it has to be remembered. */
  forget(executionId: string): void;
}
