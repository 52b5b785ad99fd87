import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';

/**
 * Makes a directory that only this user may enter, or takes the one that is there: it has to be a directory (not a
 * link to one) that this user owns. A directory of ours that others may enter is closed to them.
 * @throws SandboxError kind `sandbox`, naming the directory and what is wrong with it
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw refusal(path, `it cannot be made (${errorCode(error)})`);
  }
  const found = lstatSync(path);
  if (!found.isDirectory()) throw refusal(path, 'it is not a directory');
  const uid = process.getuid?.() ?? found.uid;
  if (found.uid !== uid) throw refusal(path, `it belongs to user ${found.uid}, not to user ${uid}`);
  if ((found.mode & 0o777) !== 0o700) chmodSync(path, 0o700);
}

function refusal(path: string, reason: string): SandboxError {
  return new SandboxError(
    'sandbox',
    'unsafe_directory',
    `the private directory ${path} cannot be used: ${reason}; the setting workspaceRoot chooses another place`,
    { path, reason },
  );
}
