/** CPU time in ms; see `CgroupUsage`. */
export interface CpuUsage {
  readonly cpuMs: number | null;
  readonly userMs: number | null;
  readonly systemMs: number | null;
}

/**
 * What a group has come to. A figure that is not known is null, never 0.
 *
 * - `cpuMs`, `userMs`, `systemMs`: CPU time of all members that there ever were, with fractions. The sum is exact, how
 *   it divides into user and system is an estimate by the tick.
 * - `memoryPeakBytes`: the most that ever counted, page cache included, or since the last reset where it was reset.
 * - `processPeak`: the most threads that all members had together, helpers of the sandbox included.
 * - `ioReadBytes`, `ioWriteBytes`: to and from devices; what the page cache answered is not among it.
 */
export interface CgroupTotals extends CpuUsage {
  readonly memoryPeakBytes: number | null;
  readonly processPeak: number | null;
  readonly ioReadBytes: number | null;
  readonly ioWriteBytes: number | null;
}

/**
 * What a group has come to and what it holds. A figure that is not known is null, never 0.
 *
 * - `memoryBytes`: what counts against the memory limit now, page cache included.
 * - `reclaimableBytes`: the part of it that the kernel drops before it kills: page cache, and reclaimable slabs.
 *   `memoryBytes - reclaimableBytes` is what brings a task close to its end.
 * - `processes`: threads of all members now, helpers of the sandbox included.
 */
export interface CgroupUsage extends CgroupTotals {
  readonly memoryBytes: number | null;
  readonly reclaimableBytes: number | null;
  readonly processes: number | null;
}

/**
 * How often a limit took effect. Null where the kernel does not tell.
 *
 * - `oomKills`: members that the kernel killed for want of memory: the group's, where `memoryLimitHits` is not 0, else
 *   that of a group above or of the machine.
 * - `memoryLimitHits`: how often memory was refused at the limit, page cache that was then dropped included.
 * - `processLimitHits`: how often a fork or a new thread was refused.
 */
export interface CgroupEvents {
  readonly oomKills: number | null;
  readonly memoryLimitHits: number | null;
  readonly processLimitHits: number | null;
}

/**
 * Whether the group's own limit of memory has killed. A kill that was not at that limit is that of a group above, or of
 * the machine.
 */
export function isOutOfMemory({ oomKills, memoryLimitHits }: CgroupEvents): boolean {
  return (oomKills ?? 0) > 0 && memoryLimitHits !== 0;
}
