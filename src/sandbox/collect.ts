import { lstat } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import type { CollectedFile, OmittedFile } from '../../protocol/index.js';
import { type FoundFiles, findFiles, isPattern } from './find-files.js';
import { HardLinks } from './hard-links.js';
import { readWorkspaceFile } from './read-workspace-file.js';
import type { WorkspaceRoot } from './workspace-root.js';

export interface Collection {
  readonly files: CollectedFile[];
  readonly omitted: OmittedFile[];
}

/** What an entry of a result costs besides its path and its data, in bytes. */
const ENTRY_BYTES = 32;

/** So many refusals are told one by one. */
const MAX_OMITTED = 100;

/**
 * Reads the files that some patterns name: a path as it is, or a glob. Paths are returned relative to the workspace.
 * What is not returned is told in `omitted`, with the reason: not found, out of the workspace by `..` or a link, a
 * hard link to a file elsewhere, not a regular file, no room left in the result.
 * @param maxBytes what the files may have in all, their paths and the list of what is omitted included
 */
export async function collectFiles(
  root: WorkspaceRoot,
  patterns: readonly string[],
  maxBytes: number,
): Promise<Collection> {
  const files: CollectedFile[] = [];
  const omissions = new Omissions();
  const links = new HardLinks(root.path);
  const seen = new Set<string>();
  let room = maxBytes;
  for (const pattern of patterns) {
    const { paths, refused } = await resolvePattern(root, pattern);
    if (refused !== undefined) room -= omissions.add(pattern, refused);
    for (const path of paths) {
      if (seen.has(path)) continue;
      seen.add(path);
      const cost = costOf(path);
      const file = await readWorkspaceFile(root, path, room - cost, links);
      if ('refused' in file) {
        room -= omissions.add(path, file.refused);
      } else {
        files.push({ path, data: file.data });
        room -= cost + file.data.byteLength;
      }
    }
  }
  return { files, omitted: omissions.list() };
}

interface ResolvedPattern {
  readonly paths: readonly string[];
  readonly refused?: string;
}

async function resolvePattern(root: WorkspaceRoot, pattern: string): Promise<ResolvedPattern> {
  if (isAbsolute(pattern)) return { paths: [], refused: 'is absolute; patterns are relative to the workspace' };
  if (pattern.split('/').includes('..')) return { paths: [], refused: "has a segment '..'" };
  // A file whose name looks like a glob is named by it as it is.
  if (!(await isPattern(pattern)) || (await exists(join(root.path, pattern)))) return { paths: [normalize(pattern)] };
  return describe(await findFiles(root, pattern));
}

function describe({ paths, complete }: FoundFiles): ResolvedPattern {
  if (!complete) return { paths, refused: 'matches in a workspace of too many entries to be searched whole' };
  return paths.length === 0 ? { paths, refused: 'not found' } : { paths };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** The refusals, as many as a result has room for, and the number of the others. */
class Omissions {
  readonly #listed: OmittedFile[] = [];
  #others = 0;

  /** Returns what the entry costs, in bytes. */
  add(path: string, reason: string): number {
    if (this.#listed.length >= MAX_OMITTED) {
      this.#others += 1;
      return 0;
    }
    this.#listed.push({ path, reason });
    return costOf(path) + reason.length;
  }

  list(): OmittedFile[] {
    if (this.#others === 0) return this.#listed;
    return [...this.#listed, { path: '', reason: `and ${this.#others} more` }];
  }
}

function costOf(path: string): number {
  return Buffer.byteLength(path) + ENTRY_BYTES;
}
