import { rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { execa } from 'execa';
import { checkSpawnRoom } from './descriptor-room.js';
import { defaultPath } from './tools.js';

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
    checkSpawnRoom();
    // chmod(1) and rm(1) walk by descriptors, so that no path is ever too long for them.
    const options = { env: { PATH: defaultPath() }, extendEnv: false, stdin: 'ignore', cwd: '/' } as const;
    await execa('chmod', ['-R', 'u+rwX', '--', directory], { ...options, reject: false });
    await execa('rm', ['-rf', '--', directory], options);
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
