import { readdirSync, statSync } from 'node:fs';

/** A directory of so few bytes has so few entries that all are listed in no time. */
const SMALL_DIRECTORY_BYTES = 4_096;

/** Whether there is a directory with nothing in it. One that had many entries once may be taken for one that has some. */
export function isEmptyDirectory(path: string): boolean {
  try {
    return statSync(path).size <= SMALL_DIRECTORY_BYTES && readdirSync(path).length === 0;
  } catch {
    return false;
  }
}
