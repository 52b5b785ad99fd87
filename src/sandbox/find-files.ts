import { type Dirent, readdir } from 'node:fs';
import { relative } from 'node:path';
import type { FileSystemAdapter } from 'tinyglobby';
import { MAX_WALK_ENTRIES } from './walk-files.js';
import { resolveInside, type WorkspaceRoot } from './workspace-root.js';

/** The paths that a pattern matches, and whether the search was given up because there is too much to search. */
export interface FoundFiles {
  readonly paths: readonly string[];
  readonly complete: boolean;
}

/**
 * Finds everything but directories that a glob matches in a workspace, names that begin with a dot included, in
 * order. No directory outside the workspace is looked into.
 */
export async function findFiles(root: WorkspaceRoot, pattern: string): Promise<FoundFiles> {
  // Most tasks collect nothing, and every sidecar has to start.
  const { glob } = await import('tinyglobby');
  const search = new AbortController();
  const paths = await glob(pattern, {
    cwd: root.path,
    dot: true,
    expandDirectories: false,
    followSymbolicLinks: false,
    fs: boundedFileSystem(root, () => search.abort()),
    signal: search.signal,
  });
  return { paths: paths.sort(), complete: !search.signal.aborted };
}

/** Links and special files appear as files, so that they are found and then refused with a reason, not passed over. */
function boundedFileSystem(root: WorkspaceRoot, onExhausted: () => void): FileSystemAdapter {
  let room = MAX_WALK_ENTRIES;
  const list = (directory: string, options: { withFileTypes: true }, done: ListCallback) => {
    const listInside = (resolved: string | null) => {
      if (resolved === null) return done(null, []);
      readdir(directory, options, (error, entries = []) => {
        room -= entries.length;
        if (room < 0) onExhausted();
        done(error, entries.map(asFileOrDirectory));
      });
    };
    resolveInside(root, relative(root.path, directory)).then(listInside, (error: NodeJS.ErrnoException) =>
      done(error, []),
    );
  };
  return { readdir: list as typeof readdir };
}

type Listed = Pick<Dirent, 'name' | 'isDirectory' | 'isFile' | 'isSymbolicLink'>;
type ListCallback = (error: NodeJS.ErrnoException | null, entries: Listed[]) => void;

function asFileOrDirectory(entry: Dirent): Listed {
  if (entry.isDirectory()) return entry;
  return { name: entry.name, isDirectory: () => false, isFile: () => true, isSymbolicLink: () => false };
}
