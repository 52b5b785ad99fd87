import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';
import { isInside } from './inside.js';
import { resolveInside, type WorkspaceRoot } from './workspace-root.js';

/**
 * The directory that a task starts in, every link in it resolved: inside the workspace, or, where it is given as an
 * absolute path, below one of the allowed directories.
 * @throws SandboxError kind `validation`, naming the value and the setting
 */
export async function resolveCwd(
  workspace: string,
  cwd: string | undefined,
  allowedCwd: readonly string[],
): Promise<string> {
  if (cwd === undefined) return workspace;
  if (!isAbsolute(cwd) && cwd.split('/').includes('..')) throw outside(cwd, allowedCwd);
  const directory = await existingDirectory(isAbsolute(cwd) ? cwd : join(workspace, cwd), cwd);
  const roots = isAbsolute(cwd) ? [workspace, ...allowedCwd] : [workspace];
  for (const root of roots) if (isInside(await realpathOrSame(root), directory)) return directory;
  throw outside(cwd, allowedCwd);
}

/**
 * The directory of a workspace that a task starts in, as the task sees it: every link in it resolved.
 * @throws SandboxError kind `validation`, naming the value and the setting
 */
export async function resolveCwdInside(
  root: WorkspaceRoot,
  cwd: string | undefined,
  allowedCwd: readonly string[],
): Promise<string> {
  if (cwd === undefined) return root.seenAs;
  const way = isAbsolute(cwd) ? relative(root.seenAs, cwd) : cwd;
  if (way.split('/').includes('..')) throw outside(cwd, allowedCwd);
  const resolved = await resolveInside(root, way).catch((error: unknown) => {
    throw invalid('cwd_not_found', cwd, `is not to be found (${errorCode(error)})`);
  });
  if (resolved === null) throw outside(cwd, allowedCwd);
  if ((await stat(join(root.path, resolved))).isDirectory()) return join(root.seenAs, resolved);
  throw invalid('cwd_not_a_directory', cwd, 'is not a directory');
}

async function existingDirectory(path: string, cwd: string): Promise<string> {
  try {
    const resolved = await realpath(path);
    if ((await stat(resolved)).isDirectory()) return resolved;
  } catch (error) {
    throw invalid('cwd_not_found', cwd, `is not to be found (${errorCode(error)})`);
  }
  throw invalid('cwd_not_a_directory', cwd, 'is not a directory');
}

async function realpathOrSame(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function outside(cwd: string, allowedCwd: readonly string[]): SandboxError {
  const allowed = allowedCwd.length === 0 ? 'nothing else is allowed' : `allowed besides: ${allowedCwd.join(', ')}`;
  return invalid('cwd_outside', cwd, `leaves the workspace; ${allowed} (setting allowedCwd)`);
}

function invalid(code: string, cwd: string, what: string): SandboxError {
  return new SandboxError('validation', code, `cwd: ${JSON.stringify(cwd)} ${what}`, { field: 'cwd', value: cwd });
}
