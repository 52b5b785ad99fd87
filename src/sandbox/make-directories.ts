import { mkdir } from 'node:fs/promises';
import { errorCode } from './error-code.js';
import { noDirectory } from './no-directory.js';

/**
 * Makes directories of a task, private to this user.
 * @throws SandboxError kind `sandbox`, code `no_workspace`
 */
export async function makeDirectories(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      throw noDirectory(path, errorCode(error), error);
    }
  }
}
