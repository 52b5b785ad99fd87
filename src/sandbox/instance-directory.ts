import { readdirSync, realpathSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';

/** The files and directories of one instance of the sidecar. */
export interface InstancePaths {
  readonly directory: string;
  readonly owner: string;
  readonly ledger: string;
  /** A directory for each execution that has none of `spare`: what the task sees as its workspace. */
  readonly workspaces: string;
  /** A directory for each execution that has none of `spare`: its TMPDIR. */
  readonly temporary: string;
  /** Directories that executions have left as they got them, and that others have now. */
  readonly spare: string;
}

export function instancePaths(directory: string): InstancePaths {
  return {
    directory,
    owner: join(directory, 'owner.json'),
    ledger: join(directory, 'ledger.jsonl'),
    workspaces: join(directory, 'workspaces'),
    temporary: join(directory, 'tmp'),
    spare: join(directory, 'spare'),
  };
}

/**
 * The directory under which all instances of this user keep theirs, every link in it resolved.
 * @throws SandboxError kind `sandbox` where the workspace root does not exist
 */
export async function instancesDirectory(workspaceRoot = tmpdir()): Promise<string> {
  try {
    return join(realpathSync(workspaceRoot), userDirectory());
  } catch (error) {
    throw new SandboxError(
      'sandbox',
      'no_workspace_root',
      `workspaceRoot: ${workspaceRoot} cannot be used (${errorCode(error)})`,
      { field: 'workspaceRoot', value: workspaceRoot },
      { cause: error },
    );
  }
}

/** What the directories of this user's instances lie in, and begin with where they lie in one with those of others. */
export function userDirectory(): string {
  return `exec-sidecar-${process.getuid?.() ?? 0}`;
}

const INSTANCE_NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The directories of all instances below an instances directory. */
export async function listInstances(directory: string): Promise<string[]> {
  const names = readdirSync(directory);
  return names.filter((name) => INSTANCE_NAME.test(name)).map((name) => join(directory, name));
}

/**
 * Makes sure that a directory is that of an instance of this user, before anything in it is removed.
 * @throws SandboxError kind `validation`
 */
export async function checkInstanceDirectory(directory: string): Promise<void> {
  const refuse = (reason: string) =>
    new SandboxError('validation', 'not_an_instance', `${directory} is not the directory of an instance: ${reason}`, {
      directory,
      reason,
    });
  if (!INSTANCE_NAME.test(basename(directory)) || basename(dirname(directory)) !== userDirectory()) {
    throw refuse(`its path does not end in ${userDirectory()}/<instance id>`);
  }
  const found = await lstat(directory).catch((error) => {
    throw refuse(errorCode(error));
  });
  if (!found.isDirectory()) throw refuse('it is not a directory');
  if (found.uid !== (process.getuid?.() ?? found.uid)) throw refuse(`it belongs to user ${found.uid}`);
}
