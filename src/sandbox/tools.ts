import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { execa } from 'execa';

/** The programs of the system that the backends use, as absolute paths; null where one is missing. */
export interface SandboxTools {
  readonly shell: string | null;
  readonly mkfifo: string | null;
  /** setpriv(1) that knows --pdeathsig, which only Linux has. */
  readonly setpriv: string | null;
  /** bubblewrap. */
  readonly bwrap: string | null;
  readonly awk: string | null;
  readonly setsid: string | null;
  readonly tar: string | null;
}

const SHELL = '/bin/sh';

export async function findTools(): Promise<SandboxTools> {
  const [hasShell, mkfifo, setpriv, bwrap, awk, setsid, tar] = await Promise.all([
    isExecutable(SHELL),
    ...['mkfifo', 'setpriv', 'bwrap', 'awk', 'setsid', 'tar'].map(findTool),
  ]);
  const works = typeof setpriv === 'string' && (await setsDeathSignal(setpriv));
  return {
    shell: hasShell ? SHELL : null,
    mkfifo: mkfifo ?? null,
    setpriv: works ? setpriv : null,
    bwrap: bwrap ?? null,
    awk: awk ?? null,
    setsid: setsid ?? null,
    tar: tar ?? null,
  };
}

/** The setpriv of busybox has no --pdeathsig. */
async function setsDeathSignal(setpriv: string): Promise<boolean> {
  const { exitCode } = await execa(setpriv, ['--pdeathsig', 'KILL', '--', setpriv, '--version'], {
    env: {},
    extendEnv: false,
    stdio: 'ignore',
    reject: false,
  });
  return exitCode === 0;
}

const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The PATH of a task that sets none: the absolute entries of the sidecar's own, so that what its user can run can be
 * run in a task, or the standard directories where it has none. Nothing else of the sidecar's environment is passed on.
 */
export function defaultPath(): string {
  const own = (process.env.PATH ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
  return own.length > 0 ? own.join(delimiter) : STANDARD_PATH;
}

/** Standard directories first, then the sidecar's PATH. */
async function findTool(name: string): Promise<string | null> {
  for (const directory of `${STANDARD_PATH}:${defaultPath()}`.split(':')) {
    const path = join(directory, name);
    if (await isExecutable(path)) return path;
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
