import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a command by child_process.spawn, reads what it writes, as a task of the sidecar is read, and waits for its end. */
export async function runByChildProcess(file: string, args: readonly string[] = []): Promise<void> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.resume();
  child.stderr.resume();
  const [exitCode] = await once(child, 'close');
  if (exitCode !== 0) throw new Error(`${file} ended with ${exitCode}`);
}

/** The same with nothing to read. */
export async function runUnread(file: string): Promise<void> {
  const child = spawn(file, { stdio: 'ignore' });
  const [exitCode] = await once(child, 'exit');
  if (exitCode !== 0) throw new Error(`${file} ended with ${exitCode}`);
}
