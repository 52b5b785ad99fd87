import { expect, it } from 'vitest';
import { type TaskResult, type TaskStatus, taskResultSchema } from '../../protocol/index.js';
import { openExecutor, prepareOne, RecordingListener, shell } from './support/executors.js';

interface Kind {
  readonly task: object;
  readonly expected: readonly TaskStatus[];
  /** ms after its submission at which it is cancelled. */
  readonly cancelAfterMs?: number;
}

const kinds: readonly Kind[] = [
  { task: shell('echo ok'), expected: ['success'] },
  { task: { ...shell('head -c 300000 /dev/zero'), output: { mode: 'stream' } }, expected: ['success'] },
  { task: { ...shell('cat'), stdin: 'given' }, expected: ['success'] },
  { task: { ...shell('true'), cache: true }, expected: ['success'] },
  { task: shell('exit 9'), expected: ['failure'] },
  { task: shell('kill -9 $$'), expected: ['failure'] },
  { task: { command: 'no-such-command' }, expected: ['notExecuted'] },
  { task: { ...shell('true'), files: [{ path: '../outside', data: '' }] }, expected: ['notExecuted'] },
  { task: { ...shell('true'), cwd: 'missing' }, expected: ['notExecuted'] },
  { task: { ...shell('sleep 30'), limits: { timeoutMs: 150 } }, expected: ['timeout'] },
  { task: { ...shell('yes'), limits: { outputBytes: 5_000 } }, expected: ['outputLimitExceeded'] },
  { task: shell('sleep 30'), expected: ['cancelled'], cancelAfterMs: 100 },
  { task: shell('sleep 30 & sleep 30'), expected: ['cancelled'], cancelAfterMs: 0 },
  { task: { ...shell('sleep 0.05'), stdin: { stream: true } }, expected: ['success', 'cancelled'], cancelAfterMs: 60 },
];

it('gives each of many mixed tasks exactly one result, the right one, and leaves nothing behind', async () => {
  await using test = await openExecutor({ maxConcurrentTasks: 4, queueSize: 10 });
  const { executor } = test;
  const listeners: { kind: Kind; listener: RecordingListener }[] = [];
  for (let round = 0; round < 6; round += 1) {
    for (const kind of kinds) {
      const listener = new RecordingListener();
      listeners.push({ kind, listener });
      const handle = prepareOne(executor, kind.task, listener);
      await executor.submitTasks([handle]);
      if (kind.cancelAfterMs !== undefined) setTimeout(() => handle.cancel(), kind.cancelAfterMs);
    }
  }
  await executor.idle();

  for (const { kind, listener } of listeners) {
    expect(listener.results).toHaveLength(1);
    const [result] = listener.results as [TaskResult];
    expect(kind.expected, JSON.stringify(kind.task)).toContain(result.status);
    expect(listener.events.at(-1)).toBe('result');
    expect(taskResultSchema.safeParse(result).error).toBeUndefined();
  }
  expect(executor.statistics().completed).toBe(listeners.length);
  expect(executor.leaked).toBe(0);
  expect(await test.workspaces()).toEqual([]);
  const ofTasks = test.registry.snapshot().filter(({ name }) => name !== 'sidecarOpenFiles');
  const depths = ofTasks.map(({ name, depth, waiters }) => [name, depth, waiters]);
  expect(depths.sort()).toEqual([
    ['activeTasks', 0, 0],
    ['memoryBudget', 0, 0],
    ['schedulerQueue', 0, 0],
  ]);
  expect(test.logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
