import { describe, expect, it } from 'vitest';
import { openExecutor, prepareOne, RecordingListener, shell, start, stdoutOf } from './support/executors.js';

describe('executing tasks', () => {
  it('resolves with their results in the order of the tasks', async () => {
    await using test = await openExecutor();
    const results = await test.executor.executeTasks([
      shell('sleep 0.2; echo slow'),
      shell('echo fast'),
      shell('echo bad >&2; exit 3'),
    ]);
    expect(results.map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['success', 0],
      ['success', 0],
      ['failure', 3],
    ]);
    expect(results.map(stdoutOf)).toEqual(['slow\n', 'fast\n', '']);
    expect(Buffer.from(results[2]!.stderr).toString()).toBe('bad\n');
  });

  it('gives a command that is not found a result that says so', async () => {
    await using test = await openExecutor();
    const [result] = await test.executor.executeTasks([{ command: 'no-such-command' }]);
    expect(result).toMatchObject({
      status: 'notExecuted',
      exitCode: null,
      error: { kind: 'execution', details: { code: 'command_not_found' } },
    });
  });

  it('brings files in, stdin through, and files out', async () => {
    await using test = await openExecutor();
    const [result] = await test.executor.executeTasks([
      {
        ...shell('cat given.txt - > out.txt'),
        files: [{ path: 'given.txt', data: 'file ' }],
        stdin: 'stdin',
        collect: ['out.txt', 'missing.txt'],
        label: 'mine',
      },
    ]);
    expect(result).toMatchObject({ status: 'success', label: 'mine', filesOmitted: [{ path: 'missing.txt' }] });
    expect(result!.files.map(({ path, data }) => [path, Buffer.from(data).toString()])).toEqual([
      ['out.txt', 'file stdin'],
    ]);
  });

  it('ends a task at its wall time and says by how much it was too long', async () => {
    await using test = await openExecutor();
    const [result] = await test.executor.executeTasks([{ ...shell('sleep 60'), limits: { timeoutMs: 200 } }]);
    expect(result!.status).toBe('timeout');
    expect(result!.limitsExceeded).toMatchObject([{ limit: 'timeoutMs', capacity: 200, enforcedBy: 'timer' }]);
    expect(result!.limitsExceeded[0]!.observed).toBeGreaterThanOrEqual(200);
    expect(result!.timing.runMs).toBeGreaterThanOrEqual(200);
  });

  it('ends a task at its output limit and keeps what came before', async () => {
    await using test = await openExecutor();
    const [result] = await test.executor.executeTasks([{ ...shell('yes'), limits: { outputBytes: 1_000 } }]);
    expect(result).toMatchObject({ status: 'outputLimitExceeded', truncated: { stdout: true, stderr: false } });
    expect(result!.stdout.byteLength).toBe(1_000);
    expect(result!.stdoutBytes).toBeGreaterThan(1_000);
  });

  it('lets a task end by itself where its output is only cut', async () => {
    await using test = await openExecutor();
    const [result] = await test.executor.executeTasks([
      { ...shell('echo 0123456789'), limits: { outputBytes: 4 }, output: { onOverflow: 'truncate' } },
    ]);
    expect(result).toMatchObject({ status: 'success', stdoutBytes: 11, truncated: { stdout: true } });
    expect(stdoutOf(result!)).toBe('019\n');
    expect(result!.limitsExceeded).toMatchObject([{ limit: 'outputBytes', capacity: 4, observed: 11 }]);
  });

  it('of nothing resolves with nothing', async () => {
    await using test = await openExecutor();
    expect(await test.executor.executeTasks([])).toEqual([]);
  });

  it('cancels what has not ended when its signal aborts', async () => {
    await using test = await openExecutor({ maxConcurrentTasks: 1 });
    const controller = new AbortController();
    const running = test.executor.executeTasks([shell('sleep 60'), shell('sleep 60')], { signal: controller.signal });
    await expect.poll(() => test.executor.scheduler.activeTasks.size).toBe(1);
    controller.abort();
    expect((await running).map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    await expect(test.executor.executeTasks([shell('true')], { signal: controller.signal })).rejects.toThrow();
  });
});

describe('a batch with a task that is wrong', () => {
  it('is refused whole: the culprits tell what is wrong with them, the others whose fault it is', async () => {
    await using test = await openExecutor();
    const results = await test.executor.executeTasks([
      { ...shell('true'), label: 'good' },
      { command: '', label: 'bad' },
      { command: 'ls', priority: 500 },
    ]);
    expect(results.map(({ status, error }) => [status, error?.kind, error?.details?.code])).toEqual([
      ['notExecuted', 'validation', 'batch_refused'],
      ['notExecuted', 'validation', 'invalid_task'],
      ['notExecuted', 'validation', 'invalid_task'],
    ]);
    expect(results[0]!.error!.message).toMatch(/^the batch was refused as a whole: tasks\[1\]: command: /);
    expect(results.map(({ label }) => label)).toEqual(['good', 'bad', undefined]);
    expect(test.executor.unfinished.size).toBe(0);
  });

  it('keeps the refusals retrievable and counts them', async () => {
    await using test = await openExecutor();
    const [refused] = await test.executor.executeTasks([{}]);
    expect(test.executor.resultCollector.lookup(refused!.executionId)).toEqual(refused);
    expect(test.executor.statistics().byStatus.notExecuted).toBe(1);
  });
});

describe('a batch that can never fit', () => {
  it('gets a result for each of its tasks that names the settings', async () => {
    await using test = await openExecutor({ maxConcurrentTasks: 1, queueSize: 2 });
    const results = await test.executor.executeTasks(Array.from({ length: 4 }, () => shell('true')));
    expect(results).toHaveLength(4);
    for (const { status, error } of results) {
      expect([status, error?.details?.code]).toEqual(['notExecuted', 'batch_too_large']);
      expect(error!.message).toContain('queueSize');
    }
    expect((await test.executor.executeTasks([shell('true')]))[0]!.status).toBe('success');
  });
});

describe('what a listener hears', () => {
  it('is in order, and ends with one result', async () => {
    await using test = await openExecutor();
    const listener = new RecordingListener();
    const handle = await start(test.executor, { ...shell('echo a; echo b >&2'), output: { mode: 'stream' } }, listener);
    const result = await handle.result;
    expect(listener.events.slice(0, 2)).toEqual(['queued', 'started']);
    expect(listener.events.slice(2, -1).sort()).toEqual(['stderr', 'stdout']);
    expect(listener.results).toEqual([result]);
  });

  it('does not matter to the task where it throws or rejects', async () => {
    await using test = await openExecutor();
    const fail = () => {
      throw new Error('listener');
    };
    const handle = await start(
      test.executor,
      { ...shell('echo a'), output: { mode: 'stream' } },
      { onQueued: fail, onStarted: fail, onOutput: () => Promise.reject(new Error('listener')), onResult: fail },
    );
    expect(await handle.result).toMatchObject({ status: 'success', stdoutBytes: 2 });
    const events = test.logger.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields);
    expect(events).toMatchObject(['onQueued', 'onStarted', 'onOutput', 'onResult'].map((event) => ({ event })));
  });

  it('is the result only for a task that was refused later', async () => {
    await using test = await openExecutor({ maxConcurrentTasks: 1, queueSize: 1 });
    const listeners = Array.from({ length: 3 }, () => new RecordingListener());
    const handles = listeners.map((listener) => prepareOne(test.executor, shell('true'), listener));
    await test.executor.submitTasks(handles);
    expect(listeners.map(({ events }) => events)).toEqual([['result'], ['result'], ['result']]);
  });
});
