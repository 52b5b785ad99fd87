import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sidecar } from '../../clients/node/index.js';
import type { RemainsCounter } from '../hostile/support/remains.js';
import { statusBytes, statusField } from '../support/proc-status.js';
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
  workspaces: 'items',
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
    const [queues, health, workspaces, remains] = await Promise.all([
      this.#sidecar.queueSnapshot(),
      this.#sidecar.health(),
      countWorkspaces(this.#root),
      this.#remains.all(),
    ]);
    const { heapBytes = 0, externalBytes = 0, activeResources = {} } = health;
    const hostMemory = process.memoryUsage();
    return {
      rssBytes: statusBytes(pid, 'VmRSS'),
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
      workspaces,
      hostRssBytes: hostMemory.rss,
      hostHeapBytes: hostMemory.heapUsed,
      hostOpenFiles: openFiles(process.pid),
      hostActiveResources: process.getActiveResourcesInfo().length,
    };
  }
}

/** How many directories tasks have of their own, as their workspace or for temporary files, or have left something in. */
async function countWorkspaces(root: string): Promise<number> {
  const users = await children(root);
  const instances = (await Promise.all(users.map(children))).flat();
  const parents = instances.flatMap((path) => [join(path, 'workspaces'), join(path, 'tmp')]);
  const own = (await Promise.all(parents.map(children))).flat();
  const shared = (await Promise.all(instances.map((path) => children(join(path, 'spare'))))).flat();
  return own.length + (await Promise.all(shared.map(children))).filter((left) => left.length > 0).length;
}

async function children(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => []);
  return names.map((name) => join(path, name));
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
