import { rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';

/**
 * Removes a directory with everything in it, whatever a task has left there: directories without permissions, and
 * nesting deeper than a path can name. Links are removed, not followed. A directory that is gone is fine.
 * @throws where something cannot be removed
 */
export async function removeTree(directory: string): Promise<void> {
  if (isRemovedEmpty(directory)) return;
  try {
    await rm(directory, { recursive: true, force: true });
  } catch {
    const { removeStubbornTree } = await import('./remove-stubborn-tree.js');
    await removeStubbornTree(directory);
  }
}

/** Most are empty, and this one call does it: in far less time than a thread of the pool would take to begin with it. */
function isRemovedEmpty(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}
