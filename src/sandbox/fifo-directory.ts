import { mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { userDirectory } from './instance-directory.js';
import { stateOfOwner, writeOwner } from './owner.js';
import { removeTree } from './remove-tree.js';

const SHARED_MEMORY = '/dev/shm';
const TMPFS_MAGIC = 0x01_02_19_94;
const OWNER = 'owner.json';

/**
 * Makes the directory for the FIFOs of an instance, which only this user may enter. It is in memory where there is a
 * tmpfs for everybody: what takes 2 µs there takes 300 on a disk, and each task has several.
 * @param directory that of the instance, which it is in where there is none
 * @throws the system's error where it cannot be made
 */
export function makeFifoDirectory(directory: string): string {
  const inMemory = directoryInMemory(directory);
  try {
    if (statfsSync(SHARED_MEMORY).type === TMPFS_MAGIC) {
      mkdirSync(inMemory, { mode: 0o700 });
      writeOwner(join(inMemory, OWNER));
      return inMemory;
    }
  } catch {
    // It may be missing, full, read-only or closed to this user: then a disk will do.
  }
  const onDisk = join(directory, 'fifos');
  mkdirSync(onDisk, { mode: 0o700 });
  return onDisk;
}

/** Removes the FIFOs of an instance, wherever they were made. */
export async function removeFifoDirectory(directory: string): Promise<void> {
  await removeTree(directoryInMemory(directory));
}

/**
 * Removes the FIFOs in memory of sidecars of this user that are dead: those of an instance whose directory somebody has
 * removed would be found by no other sweep. Never rejects: what cannot be removed is left to the next one.
 */
export async function sweepFifoDirectories(): Promise<void> {
  for (const path of directoriesInMemory()) {
    try {
      const { uid } = await lstat(path);
      if (uid === process.getuid?.() && (await stateOfOwner(join(path, OWNER))) === 'dead') await removeTree(path);
    } catch {
      // It has just been removed by its owner, or by another sweep, or cannot be.
    }
  }
}

function directoriesInMemory(): string[] {
  try {
    const names = readdirSync(SHARED_MEMORY).filter((name) => name.startsWith(`${userDirectory()}-`));
    return names.map((name) => join(SHARED_MEMORY, name));
  } catch {
    return [];
  }
}

/** The name has the instance's id, which nobody else has. */
function directoryInMemory(directory: string): string {
  return join(SHARED_MEMORY, `${userDirectory()}-${basename(directory)}`);
}
