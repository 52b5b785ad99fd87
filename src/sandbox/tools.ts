import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The programs of the system that the backends use, as absolute paths; null where one is missing. */
export interface SandboxTools {
  readonly shell: string | null;
  readonly perl: string | null;
  readonly mkfifo: string | null;
  /** setpriv(1), which may not be of use: see `checkSetpriv`. */
  readonly setpriv: string | null;
  /** bubblewrap. */
  readonly bwrap: string | null;
  readonly awk: string | null;
  readonly setsid: string | null;
  readonly tar: string | null;
}

const SHELL = '/bin/sh';
/** Where programs of the system lie. */
export const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Finds the programs, and does not run them: whether setpriv is of use is for `checkSetpriv` to tell. */
export function findTools(): SandboxTools {
  return {
    shell: isExecutable(SHELL) ? SHELL : null,
    perl: findTool('perl'),
    mkfifo: findTool('mkfifo'),
    setpriv: findTool('setpriv'),
    bwrap: findTool('bwrap'),
    awk: findTool('awk'),
    setsid: findTool('setsid'),
    tar: findTool('tar'),
  };
}

/**
 * The PATH of a task that sets none: the absolute entries of the sidecar's own, so that what its user can run can be
 * run in a task, or the standard directories where it has none. Nothing else of the sidecar's environment is passed on.
 */
export function defaultPath(): string {
  const own = (process.env.PATH ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
  return own.length > 0 ? own.join(delimiter) : STANDARD_PATH;
}

/** Standard directories first, then the sidecar's PATH. */
function findTool(name: string): string | null {
  for (const directory of `${STANDARD_PATH}:${defaultPath()}`.split(':')) {
    const path = join(directory, name);
    if (isExecutable(path)) return path;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
