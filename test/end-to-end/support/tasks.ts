import type { Task } from '../../../protocol/index.js';
import type { RawHost } from '../../support/raw-host.js';

/** A task that ignores what can be ignored, with a child in its group and one that has left it. */
export const stubborn: Task = {
  command: 'sh',
  args: ['-c', 'trap "" TERM INT HUP; sleep 60 & setsid sleep 60 & while :; do sleep 1; done'],
};
/** A task that soon ends by itself. */
export const nap: Task = { command: 'sleep', args: ['0.5'] };

/** Submits a task and waits until it runs. Gives its pid. */
export async function start(host: RawHost, id: number, task: Task): Promise<number> {
  await host.submit(id, task);
  return (await host.waitFor({ type: 'started', id })).body.pid!;
}

/** A task that runs a shell script. */
export function sh(script: string, more: Omit<Task, 'command' | 'args'> = {}): Task {
  return { command: 'sh', args: ['-c', script], ...more };
}
