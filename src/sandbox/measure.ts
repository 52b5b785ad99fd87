import type { WorkspaceMeasure } from './backend.js';
import { isEmptyDirectory } from './empty-directory.js';
import { walkFiles } from './walk-files.js';
import type { GivenFiles } from './workspace-files.js';

/**
 * Measures the files below some directories by their sizes, as RLIMIT_FSIZE counts them: a sparse file in full, and
 * nothing for what a file system allocates besides. A file with several names counts once. Past 100,000 entries the
 * figures are lower bounds.
 * @param given files that do not count as the largest while they have the size that they were given with
 * @throws the reason of the signal, once it is aborted
 */
export async function measureFiles(
  directories: readonly string[],
  given: GivenFiles,
  signal?: AbortSignal,
): Promise<WorkspaceMeasure> {
  // Most tasks leave nothing.
  if (directories.every(isEmptyDirectory)) return { totalBytes: 0, largestFileBytes: 0 };
  const linked = new Set<number>();
  let totalBytes = 0;
  let largestFileBytes = 0;
  for await (const { ino, nlink, size } of walkFiles(directories, signal)) {
    if (linked.has(ino)) continue;
    if (nlink > 1) linked.add(ino);
    totalBytes += size;
    if (given.get(ino) !== size) largestFileBytes = Math.max(largestFileBytes, size);
  }
  return { totalBytes, largestFileBytes };
}
