import { SandboxError } from './errors.js';

/** A directory of a task that could not be made, and the system's word for why. */
export function noDirectory(path: string, code: string, cause?: unknown): SandboxError {
  const message = `the directory ${path} of the task could not be made (${code})`;
  return new SandboxError('sandbox', 'no_workspace', message, { path }, { cause });
}
