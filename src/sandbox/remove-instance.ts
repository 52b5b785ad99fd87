import { removeFifoDirectory } from './fifo-directory.js';
import { removeTree } from './remove-tree.js';

/**
 * Removes all that an instance has on disk and in memory, its directory at last: as long as that is there, a sweep finds
 * the rest.
 * @throws where something cannot be removed
 */
export async function removeInstance(directory: string): Promise<void> {
  await removeFifoDirectory(directory);
  await removeTree(directory);
}
