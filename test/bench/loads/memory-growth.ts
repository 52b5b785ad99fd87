import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from '../line.js';
import { hasProcFigures, residentMiB } from '../process-figures.js';

const LOOK_MS = 20;

/**
 * Does something and adds by how much the resident memory of some processes was at its peak above what it was before,
 * in MiB, by the names that they are given. Adds nothing where that cannot be had.
 */
export async function withGrowth(pids: Readonly<Record<string, number>>, act: () => Promise<Sample>): Promise<Sample> {
  if (!hasProcFigures()) return act();
  const growths = Object.values(pids).map((pid) => new Growth(pid));
  const look = () => growths.map((growth) => growth.look());
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      look();
      await sleep(LOOK_MS);
    }
  })();
  try {
    const sample = await act();
    const grown = look();
    return { ...sample, ...Object.fromEntries(Object.keys(pids).map((name, index) => [name, grown[index]!])) };
  } finally {
    isOver = true;
    await looking;
  }
}

class Growth {
  readonly #pid: number;
  readonly #before: number;
  #peak: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = residentMiB(pid);
    this.#peak = this.#before;
  }

  /** By how much it has grown at most until now. */
  look(): number {
    this.#peak = Math.max(this.#peak, residentMiB(this.#pid));
    return this.#peak - this.#before;
  }
}
