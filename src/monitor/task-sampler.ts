import type { CgroupUsage } from '../sandbox/cgroup/index.js';
import type { MonitorTarget } from './monitor-target.js';
import { PidusageSampler } from './pidusage-sampler.js';
import type { TreeSample, UsageSampler } from './usage-sampler.js';

/**
 * Takes the figures of each tree from the kernel's own accounting, and those that it does not have from pidusage.
 * Memory is then what can bring the task to its limit: without the page cache that the kernel drops before.
 */
export class TaskSampler implements UsageSampler {
  readonly #pidusage = new PidusageSampler();

  async sample(targets: readonly MonitorTarget[]): Promise<ReadonlyMap<string, TreeSample>> {
    const counted = await Promise.all(targets.map(countedFigures));
    const others = targets.filter((_, index) => !isComplete(counted[index] ?? null));
    const sampled = others.length === 0 ? NOTHING : await this.#pidusage.sample(others);
    const samples = new Map<string, TreeSample>();
    for (const [index, { executionId }] of targets.entries()) {
      const sample = merged(counted[index] ?? null, sampled.get(executionId));
      if (sample !== null) samples.set(executionId, sample);
    }
    return samples;
  }

  forget(executionId: string): void {
    this.#pidusage.forget(executionId);
  }
}

const NOTHING: ReadonlyMap<string, TreeSample> = new Map();

type Figures = Pick<CgroupUsage, 'cpuMs' | 'userMs' | 'systemMs' | 'memoryBytes' | 'processes'>;

async function countedFigures({ accounting }: MonitorTarget): Promise<Figures | null> {
  if (accounting == null) return null;
  const usage = await accounting.usage();
  const { memoryBytes, reclaimableBytes } = usage;
  return { ...usage, memoryBytes: memoryBytes === null ? null : Math.max(0, memoryBytes - (reclaimableBytes ?? 0)) };
}

/** Whether these are all the figures of a sample. */
function isComplete(figures: Figures | null): boolean {
  return figures !== null && figures.cpuMs !== null && figures.memoryBytes !== null && figures.processes !== null;
}

/** Null where a figure is known to neither, or nothing is alive. */
function merged(counted: Figures | null, sampled: TreeSample | undefined): TreeSample | null {
  const cpuMs = counted?.cpuMs ?? sampled?.cpuMs ?? null;
  const memoryBytes = counted?.memoryBytes ?? sampled?.memoryBytes ?? null;
  const processes = counted?.processes ?? sampled?.processes ?? null;
  if (cpuMs === null || memoryBytes === null || processes === null || processes === 0) return null;
  const parts = counted?.cpuMs != null ? counted : sampled;
  return {
    processes,
    memoryBytes,
    cpuMs: Math.round(cpuMs),
    userMs: rounded(parts?.userMs),
    systemMs: rounded(parts?.systemMs),
  };
}

function rounded(value: number | null | undefined): number | null {
  return value == null ? null : Math.round(value);
}
