/** The CPU time of one process of a tree, in ms. */
export interface ProcessCpu {
  /** Pid and start time: what tells it from a later process with the same pid. */
  readonly key: string;
  /** The key of its parent, where that is of the tree. */
  readonly parent: string | null;
  /** Its own time; null where it could not be read this time: then it has what it had before. */
  readonly ownMs: number | null;
  /** The time of the children that it has reaped. */
  readonly reapedMs: number;
}

interface Known {
  readonly parent: string | null;
  readonly ownMs: number;
  readonly reapedMs: number;
}

/**
 * Sums the CPU time of a process tree whose processes come and go. The sum never falls.
 *
 * The time of a process that is gone is in that of its parent once that has reaped it. Where it does not show up
 * there (it was orphaned and reaped by init, or its parent ignores SIGCHLD) its last known time is kept in the sum.
 * It may show up with one scan of delay, since a scan is not of one instant: then what was kept is given back.
 */
export class TreeCpu {
  #known = new Map<string, Known>();
  #lostMs = 0;
  /** What ancestors may still show of the children that went missing in the scan before. */
  #owedMs = new Map<string, number>();

  /** Takes the processes that are alive now, and returns the CPU time of the tree so far, in ms. */
  update(processes: readonly ProcessCpu[]): number {
    const now = new Map(processes.map((process) => [process.key, this.#merge(process)]));
    const missing = this.#missingBelow(now);
    const owed = new Map<string, number>();
    for (const [key, { reapedMs }] of now) {
      const gainedMs = reapedMs - (this.#known.get(key)?.reapedMs ?? 0);
      const shortMs = (missing.get(key) ?? 0) - gainedMs;
      if (shortMs > 0) {
        owed.set(key, shortMs);
        this.#lostMs += shortMs;
      } else {
        this.#lostMs -= Math.min(-shortMs, this.#owedMs.get(key) ?? 0);
      }
    }
    this.#known = now;
    this.#owedMs = owed;
    let total = this.#lostMs;
    for (const { ownMs, reapedMs } of now.values()) total += ownMs + reapedMs;
    return total;
  }

  #merge({ key, parent, ownMs, reapedMs }: ProcessCpu): Known {
    const before = this.#known.get(key);
    return {
      parent,
      ownMs: Math.max(ownMs ?? 0, before?.ownMs ?? 0),
      reapedMs: Math.max(reapedMs, before?.reapedMs ?? 0),
    };
  }

  /** The last known times of those that are gone, by the nearest ancestor that is not. Without one they are lost. */
  #missingBelow(now: ReadonlyMap<string, Known>): Map<string, number> {
    const missing = new Map<string, number>();
    for (const [key, { parent, ownMs, reapedMs }] of this.#known) {
      if (now.has(key)) continue;
      const ancestor = this.#livingAncestor(parent, now);
      if (ancestor === null) this.#lostMs += ownMs + reapedMs;
      else missing.set(ancestor, (missing.get(ancestor) ?? 0) + ownMs + reapedMs);
    }
    return missing;
  }

  #livingAncestor(start: string | null, now: ReadonlyMap<string, Known>): string | null {
    let key = start;
    while (key !== null && !now.has(key)) key = this.#known.get(key)?.parent ?? null;
    return key;
  }
}
