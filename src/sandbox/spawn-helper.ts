import { type ChildProcess, spawn } from 'node:child_process';

/** A process that the sidecar keeps for itself. */
export interface Helper {
  /** Null where it could not be started. */
  readonly child: ChildProcess | null;
  /** Settles when it has ended and its streams are closed, or when it could not be started. Never rejects. */
  readonly ended: Promise<HelperEnd>;
}

export interface HelperEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly error?: unknown;
}

export interface HelperOptions {
  /** The whole of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What becomes of its standard output and error. */
  readonly output: 'pipe' | 'ignore';
}

/**
 * Starts a process that the sidecar keeps for itself, the leader of a session of its own, with a pipe to its standard
 * input. Never throws. It is Node alone that spawns it, because every start of a sidecar waits for it.
 */
export function spawnHelper(file: string, args: readonly string[], { environment, output }: HelperOptions): Helper {
  try {
    const child = spawn(file, args, {
      cwd: '/',
      env: environment,
      detached: true,
      stdio: ['pipe', output, output],
    });
    // Node has no streams for a process for which there were no descriptors.
    child.stdin?.on('error', () => undefined);
    return { child, ended: whenEnded(child) };
  } catch (error) {
    return { child: null, ended: Promise.resolve({ exitCode: null, signal: null, error }) };
  }
}

function whenEnded(child: ChildProcess): Promise<HelperEnd> {
  return new Promise((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ exitCode: null, signal: null, error });
    });
  });
}
