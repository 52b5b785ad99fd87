import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, opendir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isInside } from './inside.js';

/** A walk ends after so many entries, so that no task can make it endless. */
export const MAX_WALK_ENTRIES = 100_000;

/**
 * Walks the regular files below some directories. Links are not followed; what vanishes meanwhile, is closed to us, or
 * is nested deeper than a path can name is passed over. On Linux that holds for who puts a link in the place of a
 * directory while it is walked, too: nothing outside is looked at.
 * @throws the reason of the signal, once it is aborted
 */
export async function* walkFiles(directories: readonly string[], signal?: AbortSignal): AsyncGenerator<Stats> {
  let entries = 0;
  for (const root of directories) {
    const waiting = [root];
    for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
      await using held = await hold(root, directory);
      if (held === null) continue;
      for await (const entry of list(held.path)) {
        signal?.throwIfAborted();
        if (++entries > MAX_WALK_ENTRIES) return;
        if (entry.isDirectory()) waiting.push(join(directory, entry.name));
        const file = entry.isFile() ? await lstat(join(held.path, entry.name)).catch(() => null) : null;
        if (file !== null) yield file;
      }
    }
  }
}

interface HeldDirectory extends AsyncDisposable {
  /** A path that leads to the directory, whatever becomes of the one that it was found by. */
  readonly path: string;
}

/** Null for what is not there any more, or not below the root any more. */
async function hold(root: string, directory: string): Promise<HeldDirectory | null> {
  if (process.platform !== 'linux') return { path: directory, [Symbol.asyncDispose]: async () => {} };
  const handle = await openDirectory(directory, directory === root ? 0 : constants.O_NOFOLLOW);
  if (handle === null) return null;
  const path = `/proc/self/fd/${handle.fd}`;
  const held = { path, [Symbol.asyncDispose]: () => handle.close() };
  if (directory === root || (await isBelow(root, path))) return held;
  await handle.close();
  return null;
}

function openDirectory(path: string, flags: number): Promise<FileHandle | null> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | flags).catch(() => null);
}

/** The kernel tells where a descriptor has really led. */
async function isBelow(root: string, opened: string): Promise<boolean> {
  const top = root.startsWith('/proc/self/fd/') ? await readlink(root) : root;
  return isInside(top, await readlink(opened));
}

async function* list(directory: string) {
  const opened = await opendir(directory).catch(() => null);
  if (opened === null) return;
  try {
    yield* opened;
  } catch {
    // It was removed while it was read: what has been read of it stands.
  }
}
