import { rm, rmdir } from 'node:fs/promises';

/**
 * Removes a directory with everything in it, whatever a task has left there: directories without permissions, and
 * nesting deeper than a path can name. Links are removed, not followed. A directory that is gone is fine.
 * @throws where something cannot be removed
 */
export async function removeTree(directory: string): Promise<void> {
  try {
    // Most are empty, and this one call does it.
    await rmdir(directory).catch(() => rm(directory, { recursive: true, force: true }));
  } catch {
    const { removeStubbornTree } = await import('./remove-stubborn-tree.js');
    await removeStubbornTree(directory);
  }
}
