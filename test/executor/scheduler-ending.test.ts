import { describe, expect, it } from 'vitest';
import { isPending } from '../support/gate.js';
import { schedulerOf, settled, TestTask, tasksNamed } from './support/schedulers.js';

describe('a submitter that waits for room', () => {
  it('can be aborted and leaves nothing behind', async () => {
    const { scheduler, started, gauge } = schedulerOf({ queueSize: 1 });
    const [running, queued, waiting] = tasksNamed('abc') as [TestTask, TestTask, TestTask];
    await scheduler.submitTasks([running, queued]);
    const controller = new AbortController();
    const submission = scheduler.submitTasks([waiting], { signal: controller.signal });
    expect(await isPending(submission)).toBe(true);
    controller.abort(new Error('changed my mind'));
    await expect(submission).rejects.toThrow('changed my mind');
    expect(gauge('schedulerQueue')).toMatchObject({ depth: 1, waiters: 0 });
    for (const task of [running, queued, waiting]) task.finish();
    await settled();
    expect(started).toEqual(['a', 'b']);
    expect(waiting.position).toBeNull();
  });

  it('lets those behind it in where it was all that they waited for', async () => {
    const { scheduler } = schedulerOf({ queueSize: 2 });
    await scheduler.submitTasks(tasksNamed('ab'));
    const controller = new AbortController();
    const large = scheduler.submitTasks(tasksNamed('cd'), { signal: controller.signal });
    const small = scheduler.submitTasks(tasksNamed('e'));
    expect(await isPending(small)).toBe(true);
    controller.abort();
    await expect(large).rejects.toThrow();
    await small;
  });

  it('is not aborted any more once it is in', async () => {
    const { scheduler } = schedulerOf({ queueSize: 1 });
    const tasks = tasksNamed('abc');
    await scheduler.submitTasks(tasks.slice(0, 2));
    const controller = new AbortController();
    const submission = scheduler.submitTasks([tasks[2]!], { signal: controller.signal });
    tasks[0]!.finish();
    await submission;
    controller.abort();
    expect(scheduler.queuedTasks).toBe(1);
  });

  it('is refused at once where its signal has aborted before', async () => {
    const { scheduler } = schedulerOf();
    const submission = scheduler.submitTasks(tasksNamed('a'), { signal: AbortSignal.abort(new Error('too late')) });
    await expect(submission).rejects.toThrow('too late');
    expect(scheduler.activeTasks.size).toBe(0);
  });
});

describe('closing the scheduler', () => {
  it('resolves when what runs has ended, and starts nothing more', async () => {
    const { scheduler, started } = schedulerOf();
    const [a, b] = tasksNamed('ab') as [TestTask, TestTask];
    await scheduler.submitTasks([a, b]);
    const closed = scheduler.close();
    expect(await isPending(closed)).toBe(true);
    a.finish();
    await closed;
    expect(started).toEqual(['a']);
  });

  it('refuses those who wait for room and those who come later', async () => {
    const { scheduler } = schedulerOf({ queueSize: 1 });
    const tasks = tasksNamed('ab');
    await scheduler.submitTasks(tasks);
    const waiting = scheduler.submitTasks(tasksNamed('cd'));
    const closed = scheduler.close();
    await expect(waiting).rejects.toMatchObject({ kind: 'resource', code: 'closed' });
    await expect(scheduler.submitTasks(tasksNamed('e'))).rejects.toMatchObject({ code: 'closed' });
    tasks[0]!.finish();
    await closed;
  });

  it('takes its limits out of the snapshot', async () => {
    const { scheduler, gauge } = schedulerOf();
    expect(gauge('schedulerQueue')).toBeDefined();
    await scheduler.close();
    for (const name of ['schedulerQueue', 'activeTasks', 'memoryBudget']) expect(gauge(name)).toBeUndefined();
  });
});

describe('a worker whose task fails', () => {
  it('gives back its slot and its memory', async () => {
    const { scheduler, gauge } = schedulerOf({ execute: () => Promise.resolve() });
    await scheduler.submitTasks([new TestTask('a', { memoryBytes: 100 })]);
    await settled();
    expect(gauge('memoryBudget').depth).toBe(0);
    expect(gauge('activeTasks').depth).toBe(0);
  });
});
