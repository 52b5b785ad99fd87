import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Sidecar } from '../../../../clients/node/index.js';
import type { Step } from '../../../support/fake-sidecar/index.js';

/** A window with room for the tasks of `everyWaiter` that are not called unsent, and for one byte of stdin. */
export const OPEN: Step = { open: { ready: { window: { tasks: 6, stdinBytes: 1 } } } };

/** Waits for every frame that `everyWaiter` sends: its task with a handle is `task`, the one that streams is `stream`. */
export const RECEIVE_ALL: readonly Step[] = [
  { expect: 'submit' },
  { expect: 'submit', as: 'task' },
  { expect: 'submit', as: 'stream' },
  { expect: 'submitBatch' },
  { expect: 'submit' },
  { expect: 'ping' },
];

/** Promises by their names. */
export type Waiters = Readonly<Record<string, Promise<unknown>>>;

/** One promise of every kind that the client gives, by its name. The last tasks wait to be sent. */
export async function everyWaiter(sidecar: Sidecar): Promise<Waiters> {
  const command = 'wait';
  const mapped = sidecar.map([{ command }]).next();
  mapped.catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  const task = sidecar.submit({ command });
  const stream = sidecar.submit({ command, output: { mode: 'stream' }, stdin: { stream: true } });
  const batch = sidecar.executeTasks([{ command }, { command }]);
  const piped = sidecar.submit({ command, stdin: { stream: true } });
  const unsent = sidecar.submit({ command, output: { mode: 'stream' } });
  return {
    accepted: task.accepted,
    started: task.started,
    result: task.result,
    output: stream.output[Symbol.asyncIterator]().next(),
    write: new Promise((resolve, reject) => {
      stream.stdin.write('more than the window', (error) => (error ? reject(error) : resolve(undefined)));
    }),
    batch,
    mapped,
    pipeline: pipeline(Readable.from(['more than', 'the window']), piped.stdin),
    'unsent: sent': unsent.sent,
    'unsent: output': unsent.output[Symbol.asyncIterator]().next(),
    'unsent: run': sidecar.run(command),
    'unsent: mapped': sidecar.map([{ command }]).next(),
    queues: sidecar.queueSnapshot(),
    statistics: sidecar.statistics(),
    health: sidecar.health(),
    tasks: sidecar.tasks(),
    lookup: sidecar.lookup('execution-1'),
    ping: sidecar.ping(),
  };
}

/** How each of the promises has settled; `pending` for those that have not after `deadlineMs`. */
export async function outcomesOf(waiters: Waiters, deadlineMs: number): Promise<Record<string, unknown>> {
  const outcomes: Record<string, unknown> = Object.fromEntries(Object.keys(waiters).map((name) => [name, 'pending']));
  const settled = Object.entries(waiters).map(async ([name, waiter]) => {
    outcomes[name] = await waiter.then(
      () => 'resolved',
      (error: unknown) => error,
    );
  });
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([Promise.all(settled), deadline]);
  clearTimeout(timer);
  return outcomes;
}
