import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AlternationOptions, Measurement } from './alternation.js';
import type { Line } from './line.js';

const PROGRAM = fileURLToPath(new URL('./line-process.mjs', import.meta.url));

/**
 * Measures a line in a process of its own.
 * @throws the reason of `signal`, once that process and all that it has started are gone; Error where the line fails,
 * which has told why on stderr
 */
export async function measure(line: Line, { quick, signal }: AlternationOptions): Promise<Measurement> {
  const child = fork(PROGRAM, [line.name, quick ? 'quick' : 'full'], { serialization: 'advanced', execArgv: [] });
  const end = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  let measurement: Measurement | undefined;
  child.once('message', (message) => {
    measurement = (message as { measurement: Measurement }).measurement;
  });
  const [exitCode, exitSignal] = await once(child, 'close');
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (measurement === undefined || exitCode !== 0) {
    throw new Error(`the line ${line.name} could not be measured: its process ended with ${exitCode ?? exitSignal}`);
  }
  return measurement;
}
