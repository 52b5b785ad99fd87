import { describe, expect, it } from 'vitest';
import { taskSummarySchema } from '../../protocol/index.js';
import { TaskFrames } from '../../src/session/task-frames.js';
import { TaskTable } from '../../src/session/task-table.js';
import { openExecutor, prepareOne, shell } from '../executor/support/executors.js';
import { warningOf } from './support/frames.js';
import { outboxOf } from './support/outboxes.js';

const { outbox, registry, sink } = outboxOf({}, { stalled: false });

function framesOf(id: number): TaskFrames {
  return new TaskFrames({ id, outbox, registry, outputWindowBytes: 100, onAnswered: () => {} });
}

describe('the ids of a host', () => {
  it('are one space for tasks and questions', () => {
    const table = new TaskTable();
    table.openTask(1, framesOf(1));
    table.openQuery(2);
    for (const id of [1, 2]) {
      expect(() => table.openTask(id, framesOf(id))).toThrow(`id ${id} is in use`);
      expect(() => table.openQuery(id)).toThrow(`id ${id} is in use`);
    }
    expect([table.unfinishedTasks, table.unansweredQueries]).toEqual([1, 1]);
  });

  it('are free again once they are answered', () => {
    const table = new TaskTable();
    table.openTask(1, framesOf(1));
    table.closeTask(1);
    expect(table.unfinishedTasks).toBe(0);
    table.openQuery(1);
    table.closeQuery(1);
    table.openTask(1, framesOf(1));
    expect(table.unansweredQueries).toBe(0);
    expect([...table.tasks()].map(({ id }) => id)).toEqual([1]);
  });

  it('that are not known are nobody', () => {
    const table = new TaskTable();
    expect(table.task(5)).toBeUndefined();
    table.closeTask(5);
    table.closeQuery(5);
  });
});

describe('a task in the table', () => {
  it('is told of, and hears its warnings, until it is answered', async () => {
    await using test = await openExecutor();
    const table = new TaskTable();
    const refused = table.openTask(1, framesOf(1));
    const task = table.openTask(2, framesOf(2));
    const handle = prepareOne(test.executor, { ...shell('true'), label: 'mine', priority: 3 });
    table.identify(task, handle);
    const { executionId } = handle;

    expect(refused.handle).toBeNull();
    expect(table.summaries().map((summary) => taskSummarySchema.parse(summary))).toMatchObject([
      { id: 2, executionId, label: 'mine', command: '/bin/sh', state: 'received', priority: 3 },
    ]);
    expect(table.warn(warningOf({ scope: executionId }))).toBe(true);
    expect(table.warn(warningOf({ scope: 'another execution' }))).toBe(false);
    table.closeTask(2);
    expect(table.warn(warningOf({ scope: executionId }))).toBe(false);
    await outbox.flushed();
    expect(sink.of('limitWarning').map(({ id }) => id)).toEqual([2]);
    expect(table.summaries()).toEqual([]);
  });
});
