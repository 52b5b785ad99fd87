import { lstatSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isEmptyDirectory } from './empty-directory.js';
import { removeTree } from './remove-tree.js';

/** More are removed: so many tasks seldom begin at once. */
const MAX_SPARE = 64;

const PRIVATE = 0o700;

/** Longer than a tick of the clock that the kernel takes the times of files from, which is 10 ms at most, in ns. */
const TICK_NS = 20_000_000n;

/** A directory as it was when nobody had it. */
interface SpareDirectory {
  readonly path: string;
  /** When its inode was last changed, in ns. */
  readonly changedAt: bigint;
}

/** How a directory was when a task took it. */
interface Taken {
  readonly changedAt: bigint;
  /** Whether that is so long ago that any change since shows. */
  readonly tellsAll: boolean;
}

/**
 * Directories that tasks have left as they got them, and that others use again where they are. To make one and to remove it
 * takes a disk many times as long as to see that nothing has happened to it: whatever is changed in a directory, its mode,
 * attributes or entries, the kernel sets the time of its last change, and gives nobody a way to set that back.
 */
export class SpareDirectories {
  readonly #place: string;
  readonly #spare: SpareDirectory[] = [];
  readonly #taken = new Map<string, Taken>();
  #kept = 0;

  /** @param place where they are, which is made for them, in the file system where directories of tasks are made */
  constructor(place: string) {
    this.#place = place;
  }

  /** The path of a spare directory, empty and private to this user; null where there is none. */
  take(): string | null {
    for (let spare = this.#spare.pop(); spare !== undefined; spare = this.#spare.pop()) {
      const { path, changedAt } = spare;
      // Somebody may have removed it meanwhile, as temporary folders are cleaned up.
      if (changeTime(path) !== changedAt) continue;
      this.#taken.set(path, { changedAt, tellsAll: now() - changedAt > TICK_NS });
      return path;
    }
    return null;
  }

  /** Whether nothing has been done to a directory since it was taken, as far as that is known without looking into it. */
  isUntouched(path: string): boolean {
    const taken = this.#taken.get(path);
    return taken?.tellsAll === true && changeTime(path) === taken.changedAt;
  }

  /**
   * Removes a directory with all that is in it, or keeps it where it is as it was. Nobody may be left who has it open.
   * @throws where something cannot be removed
   */
  async giveBack(path: string): Promise<void> {
    const taken = this.#taken.get(path);
    this.#taken.delete(path);
    if (!(taken === undefined ? this.#adopt(path) : this.#keep(path, taken))) await removeTree(path);
  }

  #keep(path: string, { changedAt, tellsAll }: Taken): boolean {
    if (this.#spare.length >= MAX_SPARE) return false;
    if (changeTime(path) !== changedAt || !(tellsAll || isEmptyDirectory(path))) return false;
    this.#spare.push({ path, changedAt });
    return true;
  }

  /** Has one that was made for a task be a spare one from now on. */
  #adopt(path: string): boolean {
    if (this.#spare.length >= MAX_SPARE) return false;
    try {
      if (!isAsMade(path) || !isEmptyDirectory(path)) return false;
      if (this.#kept === 0) {
        if (!showsEntries(dirname(path))) return false;
        mkdirSync(this.#place, { mode: PRIVATE });
      }
      this.#kept += 1;
      const spare = join(this.#place, `${this.#kept}`);
      renameSync(path, spare);
      this.#spare.push({ path: spare, changedAt: lstatSync(spare, { bigint: true }).ctimeNs });
      return true;
    } catch {
      return false;
    }
  }
}

/** When the inode at a path was last changed, in ns; null where that cannot be seen. */
function changeTime(path: string): bigint | null {
  try {
    return lstatSync(path, { bigint: true }).ctimeNs;
  } catch {
    return null;
  }
}

/** Whether it is a directory of which mode, attributes and entries have not been changed since it was made. */
function isAsMade(path: string): boolean {
  const { ctimeNs, birthtimeNs, mode } = lstatSync(path, { bigint: true });
  return ctimeNs === birthtimeNs && (Number(mode) & 0o7777) === PRIVATE;
}

/** Whether a directory's time shows that entries have been made in it since, which not every file system tells. */
function showsEntries(directory: string): boolean {
  const { ctimeNs, birthtimeNs } = lstatSync(directory, { bigint: true });
  return ctimeNs !== birthtimeNs;
}

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
