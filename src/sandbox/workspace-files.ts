import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EffectiveLimits, TaskFile } from '../../protocol/index.js';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

const DEFAULT_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** The sizes of the files that a task was given, by inode: until it changes them they are not its own. */
export type GivenFiles = ReadonlyMap<number, number>;

/**
 * Writes the files of a task into its new workspace, with exactly their modes whatever the umask. Nothing is written
 * where one of them is not valid.
 * @throws SandboxError kind `validation` naming `files[i].path` and its value, kind `sandbox` where the disk fails
 */
export async function writeFiles(
  workspace: string,
  files: readonly TaskFile[],
  limits: EffectiveLimits,
): Promise<GivenFiles> {
  checkFiles(files, limits);
  const given = new Map<number, number>();
  for (const [index, file] of files.entries()) {
    try {
      const { ino, size } = await writeFile(workspace, file);
      given.set(ino, size);
    } catch (error) {
      throw writeError(index, file.path, error);
    }
  }
  return given;
}

/** @throws SandboxError kind `validation` naming the file that cannot be, or the sum of all */
export function checkFiles(files: readonly TaskFile[], limits: EffectiveLimits): void {
  checkPaths(files);
  checkTotal(files, limits);
}

function checkPaths(files: readonly TaskFile[]): void {
  const known = new Map<string, number>();
  for (const [index, { path }] of files.entries()) {
    const segments = path.split('/');
    if (path.startsWith('/')) throw invalid(index, path, 'is absolute; it has to be relative to the workspace');
    if (segments.includes('..')) throw invalid(index, path, "has a segment '..', which could leave the workspace");
    if (segments.includes('')) throw invalid(index, path, 'has an empty segment');
    if (segments.includes('.')) throw invalid(index, path, "has a segment '.'");
    const earlier = known.get(path);
    if (earlier !== undefined) throw invalid(index, path, `is that of files[${earlier}] as well`);
    known.set(path, index);
  }
  for (const [path, index] of known) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const above = known.get(path.slice(0, at));
      if (above === undefined) continue;
      if (above > index) throw invalid(above, path.slice(0, at), 'is there already as a directory of another path');
      throw invalid(index, path, 'lies below another of the files');
    }
  }
}

function checkTotal(files: readonly TaskFile[], { workspaceBytes }: EffectiveLimits): void {
  const total = files.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
  if (total <= workspaceBytes) return;
  throw new SandboxError(
    'validation',
    'files_too_large',
    `files: ${total} bytes in all exceed limits.workspaceBytes of ${workspaceBytes}`,
    { field: 'files', value: total, bound: workspaceBytes },
  );
}

async function writeFile(workspace: string, { path, data, mode }: TaskFile): Promise<{ ino: number; size: number }> {
  const target = join(workspace, path);
  await mkdir(dirname(target), { recursive: true, mode: DIRECTORY_MODE });
  await using handle = await open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await handle.writeFile(data);
  await handle.chmod(mode ?? DEFAULT_MODE);
  return handle.stat();
}

/** What is wrong with the path itself, as far as only the file system can tell. */
const PATH_FAULTS: Readonly<Record<string, string>> = {
  EEXIST: 'is there already, as a file or a directory of another path',
  ENOTDIR: 'lies below another of the files',
  EISDIR: 'is there already as a directory',
  ENAMETOOLONG: 'is too long',
};

function writeError(index: number, path: string, error: unknown): SandboxError {
  const code = errorCode(error);
  const fault = PATH_FAULTS[code];
  if (fault !== undefined) return invalid(index, path, fault);
  const message = `files[${index}].path: ${JSON.stringify(path)} could not be written (${code})`;
  return new SandboxError(
    'sandbox',
    'file_not_written',
    message,
    { field: `files[${index}]`, value: path },
    { cause: error },
  );
}

function invalid(index: number, path: string, what: string): SandboxError {
  const field = `files[${index}].path`;
  return new SandboxError('validation', 'invalid_file_path', `${field}: ${JSON.stringify(path)} ${what}`, {
    field,
    value: path,
  });
}
