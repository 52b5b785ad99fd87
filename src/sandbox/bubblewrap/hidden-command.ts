import { SandboxError } from '../errors.js';
import { inspectExecutable } from '../executable.js';
import { defaultPath } from '../tools.js';

/**
 * Looks for a command, and where it is not found says so: if the host has it, in a place that the sandbox does not
 * show, the error names that place and the setting that shows it.
 * @param find gives the command's file; throws a SandboxError `command_not_found` where the sandbox does not have the command
 */
export function findOrExplain(command: string, find: () => string): string {
  try {
    return find();
  } catch (error) {
    const hidden = isNotFound(error) ? onHost(command) : null;
    if (hidden === null || !(error instanceof SandboxError)) throw error;
    const message = `${error.message}; the host has it as ${hidden}, which the sandbox does not show (setting readOnlyPaths)`;
    throw new SandboxError(error.kind, error.code, message, { ...error.details, hidden }, { cause: error });
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof SandboxError && error.code === 'command_not_found';
}

/** A relative path is one of the workspace, which the host does not know. */
function onHost(command: string): string | null {
  if (command.includes('/') && !command.startsWith('/')) return null;
  try {
    return inspectExecutable(command, defaultPath(), '/');
  } catch {
    return null;
  }
}
