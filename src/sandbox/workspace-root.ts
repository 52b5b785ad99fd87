import { readlink } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { errorCode } from './error-code.js';
import { isInside } from './inside.js';

/** The workspace of a task, as the sidecar reaches it and as the task names it. */
export interface WorkspaceRoot {
  /** A path that leads the sidecar to it: free of links, or `/proc/self/fd/<n>` of a descriptor that holds it open. */
  readonly path: string;
  /** Its absolute path as the task sees it: below it absolute links of the task stay inside. */
  readonly seenAs: string;
}

/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;

/**
 * Resolves the links in a path below a workspace one by one, as the task would see them, and never looks at anything
 * outside it.
 * @returns the path relative to the workspace, free of links; null where it leads out of the workspace
 * @throws the system's error where something on the way is not there
 */
export async function resolveInside(root: WorkspaceRoot, path: string): Promise<string | null> {
  const pending = path.split('/').reverse();
  const resolved: string[] = [];
  let links = 0;
  for (let segment = pending.pop(); segment !== undefined; segment = pending.pop()) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (resolved.pop() === undefined) return null;
      continue;
    }
    const target = await linkTarget(join(root.path, ...resolved, segment));
    if (target === null) {
      resolved.push(segment);
      continue;
    }
    if (++links > MAX_LINKS) throw Object.assign(new Error(`too many links in ${path}`), { code: 'ELOOP' });
    if (isAbsolute(target) && !isInside(root.seenAs, target)) return null;
    if (isAbsolute(target)) resolved.length = 0;
    const way = isAbsolute(target) ? relative(root.seenAs, target) : target;
    pending.push(...way.split('/').reverse());
  }
  return resolved.join('/');
}

/** The path by which the kernel names an open file of the workspace. */
export async function nameOfOpened(root: WorkspaceRoot, path: string): Promise<string> {
  const base = root.path.startsWith('/proc/self/fd/') ? await readlink(root.path) : root.path;
  return join(base, path);
}

/** Where a link leads, or null where there is no link. */
async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if (errorCode(error) === 'EINVAL') return null;
    throw error;
  }
}
