import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sidecar } from '../../clients/node/index.js';
import type { RemainsCounter } from '../hostile/support/remains.js';
import { descendantsOf } from '../support/processes.js';

/** What is measured: its name, and what it is counted in. */
export const figureUnits = {
  rssBytes: 'bytes',
  heapBytes: 'bytes',
  externalBytes: 'bytes',
  openFiles: 'items',
  threads: 'items',
  processes: 'items',
  activeResources: 'items',
  timers: 'items',
  gauges: 'items',
  queued: 'items',
  cgroups: 'items',
  mounts: 'items',
  workspaceEntries: 'items',
  hostRssBytes: 'bytes',
  hostHeapBytes: 'bytes',
  hostOpenFiles: 'items',
  hostActiveResources: 'items',
} as const;

/** What a sidecar, and the host that drives it, hold at one moment. */
export type Figures = Readonly<Record<keyof typeof figureUnits, number>>;

/** Measures a sidecar on Linux, from inside by its own answers and from outside by the kernel's. */
export class FigureReader {
  readonly #sidecar: Sidecar;
  readonly #root: string;
  readonly #remains: RemainsCounter;

  /** @param root the workspace root of the sidecar, which is nobody else's */
  constructor(sidecar: Sidecar, root: string, remains: RemainsCounter) {
    this.#sidecar = sidecar;
    this.#root = root;
    this.#remains = remains;
  }

  async read(): Promise<Figures> {
    const { pid } = this.#sidecar;
    const [queues, health, entries, remains] = await Promise.all([
      this.#sidecar.queueSnapshot(),
      this.#sidecar.health(),
      workspaceEntries(this.#root),
      this.#remains.all(),
    ]);
    const { heapBytes = 0, externalBytes = 0, activeResources = {} } = health;
    const hostMemory = process.memoryUsage();
    return {
      rssBytes: kibibytes(pid, 'VmRSS') * 1_024,
      heapBytes,
      externalBytes,
      openFiles: openFiles(pid),
      threads: Number(statusField(pid, 'Threads')),
      processes: descendantsOf(pid).length,
      activeResources: Object.values(activeResources).reduce((sum, count) => sum + count, 0),
      timers: activeResources.Timeout ?? 0,
      gauges: queues.length,
      queued: queues.filter(({ category }) => category === 'queue').reduce((sum, { depth }) => sum + depth, 0),
      cgroups: remains.cgroups.length,
      mounts: remains.mounts.length,
      workspaceEntries: entries,
      hostRssBytes: hostMemory.rss,
      hostHeapBytes: hostMemory.heapUsed,
      hostOpenFiles: openFiles(process.pid),
      hostActiveResources: process.getActiveResourcesInfo().length,
    };
  }
}

/** What lies in the directories of the instances: workspaces, temporary directories, FIFOs and their like. */
async function workspaceEntries(root: string): Promise<number> {
  let level = [root];
  for (let depth = 0; depth < 3; depth += 1) level = (await Promise.all(level.map(subdirectories))).flat();
  const contents = await Promise.all(level.map((path) => readdir(path).catch(() => [])));
  return contents.reduce((sum, names) => sum + names.length, 0);
}

async function subdirectories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function kibibytes(pid: number, field: string): number {
  return Number.parseInt(statusField(pid, field), 10);
}

function statusField(pid: number, field: string): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${field}:\\s+(.+)$`, 'm').exec(status)?.[1] ?? '';
}
