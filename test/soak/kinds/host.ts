import { deepEqual, equal, ok } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskHandle, TaskInput } from '../../../clients/node/index.js';
import type { Random } from '../../support/random.js';
import { expectResult, type Kind, sh, type Turn } from '../kind.js';

/** What a host does besides submitting tasks and waiting for them. */
export const hostKinds: readonly Kind[] = [
  { name: 'a cancel', weight: 8, play: cancel },
  { name: 'an abort', weight: 3, play: abort },
  { name: 'a signal', weight: 2, play: signal },
  { name: 'a batch', weight: 4, play: batch },
  { name: 'a batch, refused', weight: 2, play: refusedBatch },
  { name: 'questions', weight: 4, play: ask },
  { name: 'a lookup', weight: 3, play: lookUp },
];

/** What is under way whenever the cancel comes: a process that ends at once, one with children, or one that floods. */
const cancelled: readonly TaskInput[] = [
  { command: 'sleep', args: ['0.02'] },
  sh('trap "" TERM; sleep 60 & (setsid sleep 60 &); sleep 60'),
  { command: 'yes', output: { mode: 'stream' } },
];

async function cancel({ sidecar, random, tally }: Turn): Promise<void> {
  const handle = sidecar.submit(cancelled[random.integer(0, 2)]!);
  await someMoment(handle, random);
  handle.cancel('seen enough');
  for await (const _chunk of handle.output);
  expectResult(await tally.result(handle), { status: ['cancelled', 'success'] });
}

/** Comes soon after a task was submitted, sent, queued or started. */
async function someMoment({ sent, accepted, started }: TaskHandle, random: Random): Promise<void> {
  await [undefined, sent, accepted, started][random.integer(0, 3)];
  await sleep(random.integer(0, 40));
}

/** The host waits for the end of the task only as long as the client says, and gets no result. */
async function abort({ sidecar, random, tally }: Turn): Promise<void> {
  const controller = new AbortController();
  const handle = sidecar.submit({ command: 'sleep', args: ['60'] }, { signal: controller.signal });
  const isSent = handle.sent.then(
    () => true,
    () => false,
  );
  await someMoment(handle, random);
  const reason = new Error('the host has lost interest');
  controller.abort(reason);
  equal(await handle.result.catch((error: unknown) => error), reason);
  if (await isSent) tally.abandoned += 1;
}

async function signal({ sidecar, tally }: Turn): Promise<void> {
  const handle = sidecar.submit(sh('trap "echo bye; exit 0" USR1; echo ready; while :; do sleep 0.02; done', STREAM));
  let said = '';
  for await (const { stream, data } of handle.output) {
    if (stream !== 'stdout') continue;
    said += Buffer.from(data);
    if (said === 'ready\n') handle.signal('SIGUSR1');
  }
  expectResult(await tally.result(handle), { status: 'success' });
  equal(said, 'ready\nbye\n');
}

const STREAM = { output: { mode: 'stream' } } as const;

async function batch({ sidecar, random, tally }: Turn): Promise<void> {
  const words = Array.from({ length: random.integer(2, 6) }, (_, index) => `${index}`);
  const results = await sidecar.executeTasks(words.map((word) => ({ command: 'echo', args: [word] })));
  for (const result of results) tally.count(result);
  const expected = words.map((word) => ['success', `${word}\n`]);
  deepEqual(
    results.map(({ status, stdout }) => [status, stdout]),
    expected,
  );
}

async function refusedBatch({ sidecar, tally }: Turn): Promise<void> {
  const results = await sidecar.executeTasks([{ command: 'true' }, { command: '' }]);
  for (const result of results) tally.count(result);
  deepEqual(
    results.map(({ status }) => status),
    ['notExecuted', 'notExecuted'],
  );
}

async function ask({ sidecar, random }: Turn): Promise<void> {
  const questions = [
    () => sidecar.queueSnapshot(),
    () => sidecar.statistics(),
    () => sidecar.tasks(),
    () => sidecar.health(),
    () => sidecar.ping(),
  ];
  await Promise.all(questions.map((question) => question()));
  await questions[random.integer(0, 4)]!();
}

/** The last result is there still, unless so many have come since that it was forgotten. */
async function lookUp({ sidecar, tally }: Turn): Promise<void> {
  const { lastExecutionId } = tally;
  if (lastExecutionId === undefined) return;
  const result = await sidecar.lookup(lastExecutionId);
  ok(result === undefined || result.executionId === lastExecutionId);
}
