import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isPending } from '../support/gate.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { openExecutor, prepareOne, shell, start, stdoutOf } from './support/executors.js';

const folder = useTemporaryFolder();

/** A cacheable task that notes each of its runs in a file outside its workspace. */
function noted(script: string): { task: object; runs: () => Promise<number> } {
  const file = join(folder(), 'runs');
  const task = { ...shell(`echo run >> ${file}; ${script}`), cache: true };
  return { task, runs: async () => (await readFile(file, 'utf8')).split('run').length - 1 };
}

describe('a task that may be answered from the cache', () => {
  it('runs the first time and is answered the second time, as itself', async () => {
    await using test = await openExecutor();
    const { task, runs } = noted('echo hello');
    const [first] = await test.executor.executeTasks([task]);
    const handle = prepareOne(test.executor, { ...task, label: 'mine' });
    await test.executor.submitTasks([handle]);
    const second = await handle.result;
    expect([first!.cached, second.cached]).toEqual([false, true]);
    expect(stdoutOf(second)).toBe('hello\n');
    expect(second.executionId).toBe(handle.executionId);
    expect(second.label).toBe('mine');
    expect(second.timing).toMatchObject({ setupMs: 0, runMs: 0 });
    expect(await runs()).toBe(1);
    expect(test.executor.statistics().cacheHits).toBe(1);
    expect(test.executor.resultCollector.lookup(handle.executionId)).toEqual(second);
  });

  it('does not lend its label to those that are answered by it', async () => {
    await using test = await openExecutor();
    const { task } = noted('true');
    await test.executor.executeTasks([{ ...task, label: 'first' }]);
    const [second] = await test.executor.executeTasks([task]);
    expect(second).toMatchObject({ cached: true });
    expect('label' in second!).toBe(false);
  });

  it('is started without a process where it is answered', async () => {
    await using test = await openExecutor();
    const { task } = noted('true');
    await test.executor.executeTasks([task]);
    const starts: object[] = [];
    const handle = await start(test.executor, task, { onStarted: (event) => starts.push(event) });
    await handle.result;
    expect(starts).toEqual([{ queuedMs: expect.any(Number) }]);
  });

  it('runs again where it has failed', async () => {
    await using test = await openExecutor();
    const { task, runs } = noted('exit 1');
    await test.executor.executeTasks([task]);
    const [second] = await test.executor.executeTasks([task]);
    expect(second).toMatchObject({ status: 'failure', cached: false });
    expect(await runs()).toBe(2);
  });

  it('runs always where it does not ask for the cache', async () => {
    await using test = await openExecutor();
    const { task, runs } = noted('true');
    await test.executor.executeTasks([task]);
    const [second] = await test.executor.executeTasks([{ ...task, cache: false }]);
    expect(second!.cached).toBe(false);
    expect(await runs()).toBe(2);
  });
});

describe('concurrent equals', () => {
  it('run once', async () => {
    await using test = await openExecutor();
    const { task, runs } = noted('sleep 0.3; echo done');
    const results = await test.executor.executeTasks(Array.from({ length: 6 }, () => task));
    expect(results.map(stdoutOf)).toEqual(Array.from({ length: 6 }, () => 'done\n'));
    expect(results.filter(({ cached }) => !cached)).toHaveLength(1);
    expect(await runs()).toBe(1);
  });

  it('each run for themselves where the first one fails', async () => {
    await using test = await openExecutor();
    const { task, runs } = noted('sleep 0.1; exit 1');
    const results = await test.executor.executeTasks([task, task, task]);
    expect(results.map(({ status, cached }) => [status, cached])).toEqual([
      ['failure', false],
      ['failure', false],
      ['failure', false],
    ]);
    expect(await runs()).toBe(3);
  });

  it('wait for the second where the first one is cancelled', async () => {
    await using test = await openExecutor();
    const { task, runs } = noted('sleep 0.3');
    const first = await start(test.executor, task);
    const others = await Promise.all([start(test.executor, task), start(test.executor, task)]);
    await expect.poll(() => first.state).toBe('running');
    first.cancel();
    expect((await first.result).status).toBe('cancelled');
    const results = await Promise.all(others.map(({ result }) => result));
    expect(results.map(({ status }) => status)).toEqual(['success', 'success']);
    expect(results.map(({ cached }) => cached).sort()).toEqual([false, true]);
    expect(await runs()).toBeLessThanOrEqual(2);
  });

  it('can be cancelled while they wait, and the first one goes on', async () => {
    await using test = await openExecutor();
    const slow = { ...shell('sleep 0.5; echo slow'), cache: true };
    const leader = await start(test.executor, slow);
    const follower = await start(test.executor, slow);
    expect(await isPending(follower.result)).toBe(true);
    follower.cancel();
    expect(await follower.result).toMatchObject({ status: 'cancelled', cached: false });
    expect(stdoutOf(await leader.result)).toBe('slow\n');
  });
});
