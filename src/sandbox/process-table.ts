import type { ProcessEntry } from './process-entry.js';
import { readProcesses } from './process-reader.js';

/** All processes of the machine (or of the sidecar's pid namespace) at about one moment. */
export class ProcessSnapshot {
  readonly entries: ReadonlyMap<number, ProcessEntry>;
  #children: Map<number, ProcessEntry[]> | null = null;

  constructor(entries: Iterable<ProcessEntry>) {
    this.entries = new Map(Array.from(entries, (entry) => [entry.pid, entry]));
  }

  childrenOf(pid: number): readonly ProcessEntry[] {
    this.#children ??= groupByParent(this.entries.values());
    return this.#children.get(pid) ?? [];
  }
}

/** Scans the processes of the machine: one scan at a time, shared by all who ask meanwhile. */
export class ProcessTable {
  readonly #read: () => Promise<ProcessEntry[]>;
  #latest: { readonly snapshot: ProcessSnapshot; readonly beganAt: number } | null = null;
  #running: Promise<void> | null = null;

  constructor(read: () => Promise<ProcessEntry[]> = readProcesses) {
    this.#read = read;
  }

  /**
   * A snapshot whose scan began at most `maxAgeMs` before this call; 0 is one that begins after it.
   * @throws where the processes cannot be read
   */
  async scan(maxAgeMs: number): Promise<ProcessSnapshot> {
    const oldest = performance.now() - maxAgeMs;
    while (this.#latest === null || this.#latest.beganAt < oldest) {
      this.#running ??= this.#take().finally(() => {
        this.#running = null;
      });
      await this.#running;
    }
    return this.#latest.snapshot;
  }

  async #take(): Promise<void> {
    const beganAt = performance.now();
    this.#latest = { snapshot: new ProcessSnapshot(await this.#read()), beganAt };
  }
}

/** How old a scan may be for those who only want to know what a task is doing. */
export const SHARED_SCAN_MS = 50;

/** The table that all tasks of this process share. */
export const processTable = new ProcessTable();

function groupByParent(entries: Iterable<ProcessEntry>): Map<number, ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of entries) {
    const siblings = children.get(entry.ppid);
    if (siblings === undefined) children.set(entry.ppid, [entry]);
    else siblings.push(entry);
  }
  return children;
}
