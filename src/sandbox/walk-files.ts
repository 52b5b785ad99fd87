import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** A walk ends after so many entries, so that no task can make it endless. */
export const MAX_WALK_ENTRIES = 100_000;

/**
 * Walks the regular files below some directories. Links are not followed; what vanishes meanwhile, is closed to us, or
 * is nested deeper than a path can name is passed over.
 * @throws the reason of the signal, once it is aborted
 */
export async function* walkFiles(directories: readonly string[], signal?: AbortSignal): AsyncGenerator<Stats> {
  const waiting = [...directories];
  let entries = 0;
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for await (const entry of list(directory)) {
      signal?.throwIfAborted();
      if (++entries > MAX_WALK_ENTRIES) return;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      const file = entry.isFile() ? await lstat(path).catch(() => null) : null;
      if (file !== null) yield file;
    }
  }
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
