import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { BuiltProgram } from '../../support/bundle.js';

/** A sidecar in miniature that runs one task in a process of its own. */
export interface OwnerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The pid of the task's command. */
  readonly task: number;
  readonly instance: string;
  /** What the task wrote until it was ready. */
  readonly output: string;
}

export interface OwnerOptions {
  readonly program: BuiltProgram;
  readonly workspaceRoot: string;
  /** Has to print `ready`. */
  readonly source: string;
  /** Without one there is no guardian. */
  readonly sweeper?: BuiltProgram;
}

export async function startOwner({ program, workspaceRoot, source, sweeper }: OwnerOptions): Promise<OwnerProcess> {
  const guard = sweeper === undefined ? ['unguarded'] : ['guarded', process.execPath, sweeper.path];
  const child = spawn(process.execPath, [program.path, workspaceRoot, source, ...guard], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the program has ended early, with exit code ${code}`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed]);
  failed.catch(() => undefined);
  const { pid, task, workspace, output } = JSON.parse(line);
  return { child, pid, task, instance: dirname(dirname(workspace)), output };
}

/** Kills it without any chance to clean up, and waits until it is gone. */
export async function killOwner({ child }: OwnerProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
