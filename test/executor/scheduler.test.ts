import { describe, expect, it } from 'vitest';
import { isPending } from '../support/gate.js';
import { schedulerOf, settled, TestTask, tasksNamed } from './support/schedulers.js';

describe('the scheduler', () => {
  it('runs as many tasks at once as it may, and the others after them', async () => {
    const { scheduler, started } = schedulerOf({ maxConcurrentTasks: 2 });
    const tasks = tasksNamed('abcd');
    for (const task of tasks) await scheduler.submitTasks([task]);
    expect(started).toEqual(['a', 'b']);
    expect([...scheduler.activeTasks.keys()]).toEqual(['a', 'b']);
    expect(scheduler.queuedTasks).toBe(2);
    tasks[1]!.finish();
    await settled();
    expect(started).toEqual(['a', 'b', 'c']);
    expect([...scheduler.activeTasks.keys()]).toEqual(['a', 'c']);
    for (const task of tasks) task.finish();
    await settled();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    expect(scheduler.activeTasks.size).toBe(0);
  });

  it('starts the more important task first, and equals in the order in which they came', async () => {
    const { scheduler, started } = schedulerOf();
    const first = new TestTask('first');
    const others = [
      new TestTask('low', { priority: -5 }),
      new TestTask('high', { priority: 5 }),
      new TestTask('next'),
      new TestTask('high too', { priority: 5 }),
    ];
    await scheduler.submitTasks([first]);
    for (const task of others) await scheduler.submitTasks([task]);
    for (const task of [first, ...others]) task.finish();
    await settled();
    expect(started).toEqual(['first', 'high', 'high too', 'next', 'low']);
  });

  it('tells each task how many are ahead of it', async () => {
    const { scheduler } = schedulerOf();
    const [a, b, c] = tasksNamed('abc') as [TestTask, TestTask, TestTask];
    await scheduler.submitTasks([a]);
    await scheduler.submitTasks([b]);
    await scheduler.submitTasks([c]);
    expect([a.position, b.position, c.position]).toEqual([0, 0, 1]);
  });

  it('takes a task out of the queue again, and no other', async () => {
    const { scheduler, started, gauge } = schedulerOf();
    const [a, b, c] = tasksNamed('abc') as [TestTask, TestTask, TestTask];
    await scheduler.submitTasks([a, b, c]);
    expect(scheduler.remove(b)).toBe(true);
    expect(scheduler.remove(b)).toBe(false);
    expect(scheduler.remove(a)).toBe(false);
    expect(gauge('schedulerQueue').depth).toBe(1);
    a.finish();
    await settled();
    expect(started).toEqual(['a', 'c']);
  });

  it('lets a task leave as soon as it hears that it is in the queue, with nothing left behind', async () => {
    const { scheduler, gauge } = schedulerOf();
    const [running, leaving] = tasksNamed('ab') as [TestTask, TestTask];
    await scheduler.submitTasks([running]);
    leaving.onQueued = () => scheduler.remove(leaving);
    await scheduler.submitTasks([leaving]);
    expect(scheduler.queuedTasks).toBe(0);
    expect(gauge('schedulerQueue')).toMatchObject({ depth: 0, depthBytes: 0 });
  });
});

describe('the memory budget', () => {
  it('holds a task back until what runs leaves room for it', async () => {
    const { scheduler, started, gauge } = schedulerOf({ maxConcurrentTasks: 4 });
    const [a, b] = tasksNamed('ab', { memoryBytes: 60 }) as [TestTask, TestTask];
    await scheduler.submitTasks([a, b]);
    await settled();
    expect(started).toEqual(['a']);
    expect(gauge('memoryBudget').depth).toBe(60);
    a.finish();
    await settled();
    expect(started).toEqual(['a', 'b']);
  });

  it('lets no task overtake one that does not fit yet', async () => {
    const { scheduler, started } = schedulerOf({ maxConcurrentTasks: 4 });
    const running = new TestTask('running', { memoryBytes: 50 });
    const large = new TestTask('large', { memoryBytes: 80 });
    const small = new TestTask('small', { memoryBytes: 10 });
    for (const task of [running, large, small]) await scheduler.submitTasks([task]);
    await settled();
    expect(started).toEqual(['running']);
    running.finish();
    await settled();
    expect(started).toEqual(['running', 'large', 'small']);
  });
});

describe('a full queue', () => {
  it('lets submitters wait, and admits them in the order in which they came', async () => {
    const { scheduler, gauge } = schedulerOf({ queueSize: 1 });
    const tasks = tasksNamed('abcd');
    const submissions = tasks.map((task) => scheduler.submitTasks([task]));
    await submissions[0];
    await submissions[1];
    expect(await isPending(submissions[2]!)).toBe(true);
    expect(gauge('schedulerQueue')).toMatchObject({ depth: 1, capacity: 1, waiters: 2 });
    tasks[0]!.finish();
    await submissions[2];
    expect(await isPending(submissions[3]!)).toBe(true);
    scheduler.remove(tasks[2]!);
    await submissions[3];
    expect(gauge('schedulerQueue')).toMatchObject({ depth: 1, waiters: 0, parkedCount: 2 });
  });

  it('is full in bytes too, but takes a heavy task when nothing waits', async () => {
    const { scheduler } = schedulerOf({ queueBytes: 100 });
    const heavy = new TestTask('heavy', { byteLength: 500 });
    const light = new TestTask('light', { byteLength: 1 });
    await scheduler.submitTasks(tasksNamed('a'));
    await scheduler.submitTasks([heavy]);
    const submission = scheduler.submitTasks([light]);
    expect(await isPending(submission)).toBe(true);
    scheduler.remove(heavy);
    await submission;
  });

  it('has as much room in bytes as it had when what was in it has left', async () => {
    const { scheduler, gauge } = schedulerOf({ queueBytes: 100 });
    await scheduler.submitTasks(tasksNamed('a'));
    const light = new TestTask('light', { byteLength: 10 });
    await scheduler.submitTasks([light]);
    for (let round = 0; round < 5; round += 1) {
      const heavy = new TestTask('heavy', { byteLength: 90 });
      await scheduler.submitTasks([heavy]);
      expect(gauge('schedulerQueue').depthBytes).toBe(100);
      scheduler.remove(heavy);
    }
  });

  it('warns once when it fills and tells when it has drained, and again on the next filling', async () => {
    const { scheduler, warnings } = schedulerOf({ queueSize: 10 });
    const queueWarnings = () => warnings.filter(({ limit }) => limit === 'schedulerQueue').map(({ kind }) => kind);
    await scheduler.submitTasks([new TestTask('running')]);
    for (const expected of [['near'], ['near', 'recovered', 'near']]) {
      const tasks = tasksNamed('abcdefghij');
      await scheduler.submitTasks(tasks);
      expect(queueWarnings()).toEqual(expected);
      for (const task of tasks) scheduler.remove(task);
      expect(queueWarnings()).toEqual([...expected, 'recovered']);
    }
  });

  it('is not approached by tasks that a worker takes at once', async () => {
    const { scheduler, warnings, gauge } = schedulerOf({ maxConcurrentTasks: 3, queueSize: 1 });
    await scheduler.submitTasks(tasksNamed('ab'));
    expect(warnings.filter(({ limit }) => limit === 'schedulerQueue')).toEqual([]);
    expect(gauge('schedulerQueue')).toMatchObject({ depth: 0, highWater: 0 });
  });
});

describe('a batch', () => {
  it('is queued whole or not at all', async () => {
    const { scheduler } = schedulerOf({ queueSize: 3 });
    await scheduler.submitTasks(tasksNamed('ab'));
    const batch = tasksNamed('xyz');
    const submission = scheduler.submitTasks(batch);
    expect(await isPending(submission)).toBe(true);
    expect(scheduler.queuedTasks).toBe(1);
    expect(batch.map(({ position }) => position)).toEqual([null, null, null]);
  });

  it('may be larger than the queue where workers take the rest at once', async () => {
    const { scheduler, started } = schedulerOf({ maxConcurrentTasks: 2, queueSize: 3 });
    await scheduler.submitTasks(tasksNamed('abcde'));
    await settled();
    expect(started).toEqual(['a', 'b']);
    expect(scheduler.queuedTasks).toBe(3);
  });

  it('is counted by the order in which workers would take its tasks', async () => {
    const { scheduler } = schedulerOf({ maxConcurrentTasks: 2, queueSize: 1 });
    const batch = [
      new TestTask('small', { memoryBytes: 10 }),
      new TestTask('small too', { memoryBytes: 10 }),
      new TestTask('large and urgent', { memoryBytes: 95, priority: 9 }),
    ];
    await expect(scheduler.submitTasks(batch)).rejects.toMatchObject({ code: 'batch_too_large' });
  });

  it.each([
    ['in number', { queueSize: 3 }, { memoryBytes: 1 }, 6],
    ['in memory', { queueSize: 3 }, { memoryBytes: 100 }, 5],
  ])('that can never fit %s is refused, and names the settings', async (_what, options, task, count) => {
    const { scheduler } = schedulerOf({ maxConcurrentTasks: 2, ...options });
    const batch = tasksNamed('abcdef'.slice(0, count), task);
    const refusal = await scheduler.submitTasks(batch).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ kind: 'resource', code: 'batch_too_large' });
    expect(String(refusal)).toMatch(/queueSize.*|maxConcurrentTasks 2.*memoryBudgetBytes 100.*3 can wait/);
    expect(scheduler.queuedTasks).toBe(0);
    await scheduler.submitTasks(batch.slice(0, count - 1));
  });

  it('of nothing is queued at once', async () => {
    await schedulerOf().scheduler.submitTasks([]);
  });
});
