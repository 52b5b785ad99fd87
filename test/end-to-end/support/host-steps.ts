import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Task } from '../../../protocol/index.js';
import type { RawHost } from '../../support/raw-host.js';
import { tellStories } from './task-story.js';

/** Something that a host does in an open session. */
export type HostStep =
  | { readonly does: 'submit'; readonly id: number; readonly task: Task }
  | { readonly does: 'stdin'; readonly id: number; readonly bytes: number; readonly end: boolean }
  | { readonly does: 'cancel' | 'signal' | 'window' | 'query' | 'ping'; readonly id: number }
  | { readonly does: 'pause'; readonly ms: number };

/** Tasks that end in many ways, and some that only end when they are made to. */
const commands: readonly Task[] = [
  { command: 'true' },
  { command: 'sh', args: ['-c', 'exit 3'] },
  { command: 'sh', args: ['-c', 'cat; head -c 300000 /dev/zero'] },
  { command: 'sh', args: ['-c', 'setsid sleep 60 & sleep 60'], limits: { timeoutMs: 300 } },
  { command: 'sleep', args: ['0.1'] },
  { command: 'yes', limits: { outputBytes: 400_000, timeoutMs: 500 } },
  { command: 'no-such-command' },
  { command: '' },
  { command: 'cat', priority: 50, cache: true },
];

const tasks = fc
  .record({
    command: fc.constantFrom(...commands),
    stdin: fc.constantFrom<Task['stdin']>('given', { stream: true }, undefined),
    mode: fc.constantFrom('collect' as const, 'stream' as const, 'discard' as const),
    onOverflow: fc.constantFrom('kill' as const, 'truncate' as const),
  })
  .map(({ command, stdin, mode, onOverflow }): Task => {
    return { ...command, output: { mode, onOverflow }, ...(stdin !== undefined && { stdin }) };
  });

const id = fc.integer({ min: 1, max: 8 });
const bytes = fc.integer({ min: 0, max: 5_000 });

/** Whatever a host may do, in any order. */
export const hostSteps: fc.Arbitrary<readonly HostStep[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant('submit' as const), id, task: tasks }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('window' as const), id }) },
    fc.record({ does: fc.constantFrom('cancel' as const, 'signal' as const, 'query' as const, 'ping' as const), id }),
    fc.record({ does: fc.constant('stdin' as const), id, bytes, end: fc.boolean() }),
    fc.record({ does: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 80 }) }),
  ),
  { maxLength: 40 },
);

/** Does these steps, leaving out what the protocol does not allow at that moment. Gives the number of tasks submitted. */
export async function takeSteps(host: RawHost, steps: readonly HostStep[]): Promise<number> {
  const openTasks = new Map<number, { readonly answersBefore: number; readonly takesStdin: boolean; ended: boolean }>();
  const answersTo = (task: number) => tellStories(host.frames).stories.filter((story) => story.id === task).length;
  let submitted = 0;
  for (const [index, step] of steps.entries()) {
    if (step.does === 'pause') {
      await sleep(step.ms);
      continue;
    }
    const task = openTasks.get(step.id);
    if (step.does === 'submit') {
      const answersBefore = answersTo(step.id);
      if (task?.answersBefore === answersBefore) continue;
      openTasks.set(step.id, { answersBefore, takesStdin: typeof step.task.stdin === 'object', ended: false });
      submitted += 1;
      await host.submit(step.id, step.task);
    } else if (step.does === 'stdin') {
      if (!task?.takesStdin || task.ended) continue;
      task.ended = step.end;
      await host.send('stdin', step.id, { data: new Uint8Array(step.bytes), end: step.end });
    } else {
      const isQuestion = step.does === 'query' || step.does === 'ping';
      await host.send(step.does, isQuestion ? FIRST_QUESTION + index : step.id, BODIES[step.does]);
    }
  }
  return submitted;
}

/** The ids of questions begin above those of tasks. */
const FIRST_QUESTION = 1_000;

const BODIES = {
  cancel: { reason: 'a step' },
  signal: { signal: 'SIGTERM' },
  window: { outputBytes: 1_000_000 },
  query: { what: 'tasks' },
  ping: {},
} as const;
