import { mkdir } from 'node:fs/promises';
import { errorCode } from './error-code.js';
import { noDirectory } from './no-directory.js';

/**
 * Makes a directory of a task, private to this user.
 * @throws SandboxError kind `sandbox`, code `no_workspace`
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    throw noDirectory(path, errorCode(error), error);
  }
}
