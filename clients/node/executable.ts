import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SpawnFailedError } from './errors.js';

/** A program and the arguments that come before those of the caller. */
export interface Executable {
  readonly file: string;
  readonly args: readonly string[];
}

/** Where the sidecar of this package lies: next to the built client, or built from the sources of this one. */
const BUNDLED = ['../../exec-sidecar.cjs', '../../dist/exec-sidecar.cjs'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/**
 * What to spawn for `path`: a script (`.js`, `.mjs`, `.cjs`) runs under this very Node, anything else by itself, by
 * its path or its name in PATH. Without `path` it is the sidecar of this package.
 *
 * @throws SpawnFailedError where there is no such file, or it may not be read or executed
 */
export async function findExecutable(path?: string): Promise<Executable> {
  if (path === undefined) return asScript(await firstReadable(BUNDLED));
  if (/\.[cm]?js$/.test(path)) {
    await assertAccess(path, constants.R_OK);
    return asScript(path);
  }
  if (isAbsolute(path) || path.includes(sep)) await assertAccess(path, constants.X_OK);
  return { file: path, args: [] };
}

function asScript(path: string): Executable {
  return { file: process.execPath, args: [path] };
}

async function firstReadable(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    if (await isReadable(path)) return path;
  }
  throw new SpawnFailedError(paths.join(' or '), 'no such file; build the package first, or name another');
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function assertAccess(path: string, mode: number): Promise<void> {
  try {
    await access(path, mode);
  } catch (error) {
    throw new SpawnFailedError(path, describeSystemError(error), { cause: error });
  }
}

/** A system error in plain words. */
export function describeSystemError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'it may not be executed';
  return message;
}
