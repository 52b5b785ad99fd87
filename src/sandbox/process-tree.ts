import { isDead, type ProcessEntry, type ProcessIdentity } from './process-entry.js';
import { markerReader, type ProcessMarkers } from './process-markers.js';
import type { ProcessSnapshot } from './process-table.js';

export interface ProcessTreeOptions {
  /** The processes that the tree began with. */
  readonly roots: readonly ProcessIdentity[];
  /**
   * Process groups (and sessions) that are the tree's even where their leader is no longer seen. A group that was
   * not watched all the time may have been given to somebody else: it counts only once its leader was recognized.
   */
  readonly groups: readonly number[];
  /** Nothing that started before this start time belongs to the tree; 0 where that is not known. */
  readonly since: number;
  /** Whether a process with these markers belongs to the tree. */
  readonly isMarked: (markers: ProcessMarkers) => boolean;
}

/** Past this many, members that are gone are forgotten. */
const MAX_REMEMBERED = 4_096;

/**
 * Knows which processes belong to a task. A process belongs to it when it was seen to belong before, is in a group or
 * session of the tree, descends from a member, or bears the markers of the task in its environment.
 *
 * Together these find what has called setsid, was forked twice, or was orphaned. Only a process that does all of that
 * *and* drops its environment between two scans gets away; it takes a pid namespace or a cgroup to hold that one, or
 * the fork server, once no command runs.
 */
export class ProcessTree {
  readonly #roots: ReadonlyMap<number, ProcessIdentity>;
  readonly #groups: Set<number>;
  readonly #isMarked: (markers: ProcessMarkers) => boolean;
  readonly #since: number;
  /** Start times of the members that were seen, by pid. */
  #seen = new Map<number, number>();

  constructor({ roots, groups, since, isMarked }: ProcessTreeOptions) {
    this.#roots = new Map(roots.map((root) => [root.pid, root]));
    this.#groups = new Set(groups);
    this.#isMarked = isMarked;
    this.#since = since;
  }

  /** The members that are alive in this snapshot. */
  async alive(snapshot: ProcessSnapshot): Promise<ProcessEntry[]> {
    this.#recognizeRoots(snapshot);
    const members = new Map<number, ProcessEntry>();
    const strangers: ProcessEntry[] = [];
    for (const entry of snapshot.entries.values()) {
      if (entry.startTime < this.#since || entry.pid === process.pid) continue;
      if (this.#isKnown(entry)) members.set(entry.pid, entry);
      else strangers.push(entry);
    }
    addDescendants(members, snapshot);
    await this.#addMarked(members, strangers);
    markerReader.forgetGone(snapshot.entries);
    addDescendants(members, snapshot);
    this.#remember(members);
    return [...members.values()].filter((entry) => !isDead(entry));
  }

  /** Whether a process group is the tree's, so that a signal to it reaches nobody else. */
  ownsGroup(pgid: number): boolean {
    return this.#groups.has(pgid) || this.#seen.has(pgid);
  }

  /** The kernel gives a pid anew only when no process, group or session has it: then the old group is empty. */
  #recognizeRoots({ entries }: ProcessSnapshot): void {
    for (const { pid, startTime } of this.#roots.values()) {
      const entry = entries.get(pid);
      if (entry === undefined || startTime === null) continue;
      if (entry.startTime !== startTime) this.#groups.delete(pid);
      else if (entry.pgid === pid) this.#groups.add(pid);
    }
  }

  #isKnown({ pid, startTime, pgid, sid }: ProcessEntry): boolean {
    if (this.#seen.get(pid) === startTime) return true;
    if (this.#groups.has(pgid) || (sid !== null && this.#groups.has(sid))) return true;
    return this.#roots.get(pid)?.startTime === startTime;
  }

  async #addMarked(members: Map<number, ProcessEntry>, strangers: readonly ProcessEntry[]): Promise<void> {
    const unknown = strangers.filter(({ pid }) => !members.has(pid));
    await Promise.all(
      unknown.map(async (entry) => {
        const markers = await markerReader.read(entry);
        if (markers !== null && this.#isMarked(markers)) members.set(entry.pid, entry);
      }),
    );
  }

  #remember(members: ReadonlyMap<number, ProcessEntry>): void {
    if (this.#seen.size > MAX_REMEMBERED + members.size) this.#seen = new Map();
    for (const { pid, startTime } of members.values()) this.#seen.set(pid, startTime);
  }
}

/** A map grows while it is walked, so that each member that is added is walked as well. */
function addDescendants(members: Map<number, ProcessEntry>, snapshot: ProcessSnapshot): void {
  for (const { pid } of members.values()) {
    for (const child of snapshot.childrenOf(pid)) if (!members.has(child.pid)) members.set(child.pid, child);
  }
}
