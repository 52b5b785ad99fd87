import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createGate, isPending } from '../support/gate.js';
import { isAlive } from '../support/processes.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { openExecutor, prepareOne, RecordingListener, shell, start, stdoutOf } from './support/executors.js';

const folder = useTemporaryFolder();

const SLEEPER = shell('sleep 60');

describe('cancelling a task', () => {
  it('gives it its result at once where it was only prepared', async () => {
    await using test = await openExecutor();
    const listener = new RecordingListener();
    const handle = prepareOne(test.executor, SLEEPER, listener);
    handle.cancel('no need');
    expect(await handle.result).toMatchObject({
      status: 'cancelled',
      error: { message: 'cancelled by the host: no need', details: { code: 'cancelled' } },
    });
    await test.executor.submitTasks([handle]);
    expect(listener.events).toEqual(['result']);
    expect(test.executor.scheduler.queuedTasks).toBe(0);
  });

  it('takes it out of the queue', async () => {
    await using test = await openExecutor({ maxConcurrentTasks: 1 });
    const running = await start(test.executor, SLEEPER);
    const listener = new RecordingListener();
    const queued = await start(test.executor, SLEEPER, listener);
    expect(queued.state).toBe('queued');
    queued.cancel();
    expect((await queued.result).status).toBe('cancelled');
    expect(test.executor.scheduler.queuedTasks).toBe(0);
    expect(listener.events).toEqual(['queued', 'result']);
    expect(running.state).not.toBe('done');
  });

  it('takes it out of the line that waits for the queue', async () => {
    await using test = await openExecutor({ maxConcurrentTasks: 1, queueSize: 1 });
    await start(test.executor, SLEEPER);
    await start(test.executor, SLEEPER);
    const waiting = prepareOne(test.executor, SLEEPER);
    const submission = test.executor.submitTasks([waiting]);
    expect(await isPending(submission)).toBe(true);
    waiting.cancel();
    await submission;
    expect((await waiting.result).status).toBe('cancelled');
  });

  it('frees those behind a batch that waits for room, once nobody wants any of it', async () => {
    await using test = await openExecutor({ maxConcurrentTasks: 1, queueSize: 3 });
    await start(test.executor, SLEEPER);
    await start(test.executor, SLEEPER);
    const batch = [SLEEPER, SLEEPER, SLEEPER].map((task) => prepareOne(test.executor, task));
    const submission = test.executor.submitTasks(batch);
    const next = prepareOne(test.executor, SLEEPER);
    const nextSubmission = test.executor.submitTasks([next]);
    for (const handle of batch) {
      expect(await isPending(nextSubmission)).toBe(true);
      handle.cancel();
    }
    await submission;
    await nextSubmission;
    expect(next.state).toBe('queued');
  });

  it('kills it while it runs, the whole tree, and keeps the output', async () => {
    await using test = await openExecutor();
    const listener = new RecordingListener();
    const ready = join(folder(), 'ready');
    const script = `setsid sleep 61 & sleep 62 & echo $$ $!; touch ${ready}; sleep 63`;
    const handle = await start(test.executor, shell(script), listener);
    await expect.poll(() => existsSync(ready)).toBe(true);
    handle.cancel();
    handle.cancel('again');
    const result = await handle.result;
    expect(result).toMatchObject({ status: 'cancelled', error: { message: 'cancelled by the host' } });
    const pids = stdoutOf(result).trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(listener.events.filter((event) => event === 'abandoned')).toHaveLength(1);
    expect(listener.results).toHaveLength(1);
    expect(await test.workspaces()).toEqual([]);
  });

  it('does nothing once it has its result', async () => {
    await using test = await openExecutor();
    const listener = new RecordingListener();
    const handle = await start(test.executor, shell('true'), listener);
    await handle.result;
    const before = [...listener.events];
    handle.cancel();
    expect(handle.signal('SIGTERM')).toBe(false);
    expect(listener.events).toEqual(before);
    expect(handle.state).toBe('done');
  });

  it('does not undo the first cause', async () => {
    await using test = await openExecutor();
    const handle = await start(test.executor, { ...SLEEPER, limits: { timeoutMs: 100 } });
    await expect.poll(() => handle.termination.cause?.status).toBe('timeout');
    handle.cancel();
    expect((await handle.result).status).toBe('timeout');
  });

  it('frees a task whose output nobody takes', async () => {
    await using test = await openExecutor();
    const gate = createGate();
    const offer = vi.fn(() => gate.opened);
    const handle = await start(
      test.executor,
      { ...shell('yes'), output: { mode: 'stream' } },
      { onOutput: offer, onOutputAbandoned: gate.open },
    );
    await expect.poll(() => offer.mock.calls.length).toBeGreaterThan(0);
    handle.cancel();
    expect(await handle.result).toMatchObject({ status: 'cancelled', truncated: { stdout: true } });
  });

  it('quotes no more of a long reason than fits into a result', async () => {
    await using test = await openExecutor();
    const handle = prepareOne(test.executor, SLEEPER);
    handle.cancel('because '.repeat(1_000_000));
    expect((await handle.result).error!.message.length).toBeLessThan(5_000);
  });
});

describe('a task with streamed stdin', () => {
  const streaming = { ...shell('cat'), stdin: { stream: true } };

  it('reads what it is sent until the end', async () => {
    await using test = await openExecutor();
    const handle = prepareOne(test.executor, streaming);
    handle.stdin!.write(Buffer.from('early '));
    await test.executor.submitTasks([handle]);
    await expect.poll(() => handle.state).toBe('running');
    handle.stdin!.write(Buffer.from('late'));
    handle.stdin!.end();
    expect(stdoutOf(await handle.result)).toBe('early late');
  });

  it('has its result where it ends without reading, though nobody ends its stdin', async () => {
    await using test = await openExecutor();
    const handle = await start(test.executor, { ...shell('exit 4'), stdin: { stream: true } });
    expect(await handle.result).toMatchObject({ status: 'failure', exitCode: 4 });
  });
});

describe('a signal', () => {
  it('reaches the process of a running task', async () => {
    await using test = await openExecutor();
    const ready = join(folder(), 'ready');
    const script = `trap "echo caught; exit 7" USR1; touch ${ready}; while :; do sleep 0.05; done`;
    const handle = await start(test.executor, shell(script));
    await expect.poll(() => existsSync(ready)).toBe(true);
    expect(handle.signal('SIGUSR1')).toBe(true);
    const result = await handle.result;
    expect([result.exitCode, stdoutOf(result)]).toEqual([7, 'caught\n']);
  });
});

describe('closing the executor', () => {
  it('refuses further tasks with the reason, and lets those that it has go on', async () => {
    await using test = await openExecutor();
    const handle = await start(test.executor, shell('sleep 0.2'));
    test.executor.refuseFurther('going home');
    expect(test.executor.refusing).toBe(true);
    const [refused] = await test.executor.executeTasks([{ ...shell('true'), label: 'late' }]);
    expect(refused).toMatchObject({
      status: 'notExecuted',
      label: 'late',
      error: { kind: 'resource', message: 'going home', details: { code: 'shutting_down' } },
    });
    expect((await handle.result).status).toBe('success');
  });

  it('gives every task its result, wherever it was', async () => {
    await using test = await openExecutor({ maxConcurrentTasks: 1, queueSize: 2 });
    const running = await start(test.executor, SLEEPER);
    await start(test.executor, SLEEPER);
    const batch = test.executor.executeTasks([SLEEPER, SLEEPER, SLEEPER]);
    const prepared = prepareOne(test.executor, SLEEPER);
    expect(await isPending(batch)).toBe(true);
    await test.executor.close();
    expect((await running.result).status).toBe('cancelled');
    expect((await prepared.result).status).toBe('cancelled');
    expect((await batch).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(test.executor.unfinished.size).toBe(0);
    expect(test.registry.snapshot()).toEqual([]);
  });
});
