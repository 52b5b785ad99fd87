import { lstatSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isEmptyDirectory } from './empty-directory.js';
import { removeTree } from './remove-tree.js';

/** More are removed: so many tasks seldom begin at once. */
const MAX_SPARE = 64;

const PRIVATE = 0o700;

/**
 * Directories that tasks have left as they got them, to be used again under another name. A disk renames one in a tenth
 * of the time in which it makes one and removes it.
 */
export class SpareDirectories {
  readonly #place: string;
  readonly #spare: string[] = [];
  /** When the inodes of those that are used again were last changed, by their paths, in ns. */
  readonly #changedAt = new Map<string, bigint>();
  #kept = 0;

  /** @param place where they are kept, which is made for it, in the file system where they are used */
  constructor(place: string) {
    this.#place = place;
  }

  /** Moves a spare directory to a path. False where there is none: then one is to be made there, private to this user. */
  take(path: string): boolean {
    const spare = this.#spare.pop();
    if (spare === undefined) return false;
    try {
      renameSync(spare, path);
      this.#changedAt.set(path, lstatSync(path, { bigint: true }).ctimeNs);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Removes a directory with all that is in it, or keeps it where it is as it was. Nobody may be left who has it open.
   * @throws where something cannot be removed
   */
  async giveBack(path: string): Promise<void> {
    const changedAt = this.#changedAt.get(path);
    this.#changedAt.delete(path);
    if (!this.#keep(path, changedAt)) await removeTree(path);
  }

  #keep(path: string, changedAt: bigint | undefined): boolean {
    if (this.#spare.length >= MAX_SPARE) return false;
    try {
      if (!isUntouched(path, changedAt) || !isEmptyDirectory(path)) return false;
      if (this.#kept === 0) mkdirSync(this.#place, { mode: PRIVATE });
      this.#kept += 1;
      const spare = join(this.#place, `${this.#kept}`);
      renameSync(path, spare);
      this.#spare.push(spare);
      return true;
    } catch {
      return false;
    }
  }
}

/**
 * Whether mode, attributes and entries have not been changed since, or since it was made: the kernel sets this time
 * whatever is changed, and gives nobody a way to set it back. It is as coarse as the clock tick.
 */
function isUntouched(path: string, changedAt: bigint | undefined): boolean {
  const { ctimeNs, birthtimeNs, mode } = lstatSync(path, { bigint: true });
  return ctimeNs === (changedAt ?? birthtimeNs) && (Number(mode) & 0o7777) === PRIVATE;
}
