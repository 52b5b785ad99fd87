import { describe, expect, it } from 'vitest';
import { answerSchemas } from '../../protocol/index.js';
import { shell } from '../executor/support/executors.js';
import { TestSession } from './support/sessions.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('a task', () => {
  it('is accepted, started and answered, in this order and under its id', async () => {
    await using session = await TestSession.open();
    session.send('submit', 5, { ...shell('echo hello'), label: 'mine' });
    const result = await session.result(5);
    expect(result).toMatchObject({ status: 'success', label: 'mine', exitCode: 0 });
    expect(text(result.stdout)).toBe('hello\n');
    expect(session.typesOf(5)).toEqual(['accepted', 'started', 'result']);
    expect((await session.frame('accepted', 5)).body).toEqual({ executionId: result.executionId, position: 0 });
    expect((await session.frame('started', 5)).body.pid).toBeGreaterThan(0);
  });

  it('that is wrong gets its result and touches nothing else', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, { command: '', label: 'bad' });
    session.send('submit', 2, shell('true'));
    expect(await session.result(1)).toMatchObject({
      status: 'notExecuted',
      label: 'bad',
      error: { kind: 'validation' },
    });
    expect((await session.result(2)).status).toBe('success');
    expect(session.typesOf(1)).toEqual(['result']);
  });

  it('has its result however long the command is that it could not run', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, { command: `/${'x'.repeat(900_000)}` });
    const { status, error } = await session.result(1);
    expect([status, error?.kind, error?.details?.code]).toEqual(['notExecuted', 'execution', 'command_not_found']);
    session.send('submit', 2, shell('sleep 60'));
    session.send('cancel', 2, { reason: 'x'.repeat(900_000) });
    expect((await session.result(2)).status).toBe('cancelled');
  });

  it('has its result without output and files where those fit into no frame', async () => {
    await using session = await TestSession.open({ outbox: { maxFrameBytes: 50_000 } });
    const script = 'head -c 40000 /dev/zero | tee file';
    session.send('submit', 1, { ...shell(script), collect: ['file'] });
    const result = await session.result(1);
    expect(result).toMatchObject({
      status: 'success',
      exitCode: 0,
      stdoutBytes: 40_000,
      truncated: { stdout: true, stderr: false },
      files: [],
    });
    expect(result.stdout.byteLength).toBe(0);
    expect(result.filesOmitted![0]!.reason).toContain('maxFrameBytes');
    session.send('query', 2, { what: 'result', executionId: result.executionId });
    const { body } = await session.frame('reply', 2);
    expect({ ...body, filesOmitted: result.filesOmitted }).toEqual(result);
    const gauge = session.test.registry.snapshot().find(({ name }) => name === 'resultQueue');
    expect(gauge).toMatchObject({ depth: 0, depthBytes: 0 });
  });

  it('is cancelled by its id, and a cancel for an id that is not known is ignored', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, shell('sleep 60'));
    await session.frame('started', 1);
    session.send('cancel', 77);
    session.send('cancel', 1, { reason: 'enough' });
    session.send('cancel', 1);
    const result = await session.result(1);
    expect(result).toMatchObject({ status: 'cancelled', error: { message: 'cancelled by the host: enough' } });
    session.send('cancel', 1);
    session.send('ping', 2, { still: 'there' });
    expect((await session.frame('pong', 2)).body).toEqual({ still: 'there' });
  });

  it('leaves its id free when it is answered', async () => {
    await using session = await TestSession.open();
    for (let round = 1; round <= 3; round += 1) {
      session.send('submit', 1, shell(`echo ${round}`));
      await expect.poll(() => session.sink.of('result').length).toBe(round);
    }
    expect(session.sink.of('result').map(({ body }) => text(body.stdout))).toEqual(['1\n', '2\n', '3\n']);
    expect(session.sink.of('protocolError')).toEqual([]);
  });

  it('gets signals', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, shell('sleep 60'));
    await session.frame('started', 1);
    await expect
      .poll(async () => {
        session.send('signal', 1, { signal: 'SIGTERM' });
        return session.sink.of('result').length;
      })
      .toBe(1);
    expect(await session.result(1)).toMatchObject({ status: 'failure', signal: 'SIGTERM' });
  });

  it('warns of its limits under its id, before its result', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, { ...shell('head -c 900 /dev/zero; sleep 0.2'), limits: { outputBytes: 1_000 } });
    const { executionId } = await session.result(1);
    const warnings = session.sink.of('limitWarning').filter(({ id }) => id === 1);
    expect(warnings.map(({ body }) => body)).toMatchObject([
      { limit: 'outputBytes', kind: 'near', scope: executionId },
    ]);
    expect(session.typesOf(1)).toEqual(['accepted', 'started', 'limitWarning', 'result']);
  });

  it('reports its usage where it asked', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, { ...shell('sleep 0.6'), usageEventsMs: 100 });
    await session.result(1);
    expect(session.typesOf(1).filter((type) => type === 'usage').length).toBeGreaterThan(0);
    expect(session.typesOf(1).at(-1)).toBe('result');
  });
});

describe('a batch', () => {
  it('is accepted as one', async () => {
    await using session = await TestSession.open({ executor: { maxConcurrentTasks: 1 } });
    session.send('submitBatch', 0, {
      tasks: [
        [1, shell('echo a')],
        [2, shell('echo b')],
      ],
    });
    expect(text((await session.result(2)).stdout)).toBe('b\n');
    expect(session.sink.types.slice(0, 2)).toEqual(['accepted', 'accepted']);
  });

  it('with a task that is wrong gets a refusal for each', async () => {
    await using session = await TestSession.open();
    session.send('submitBatch', 0, {
      tasks: [
        [1, shell('true')],
        [2, {}],
      ],
    });
    expect(await session.result(1)).toMatchObject({ error: { details: { code: 'batch_refused', index: 1 } } });
    expect(await session.result(2)).toMatchObject({ error: { details: { code: 'invalid_task' } } });
    expect(session.sink.types).toEqual(['result', 'result']);
  });

  it('weighs as much in the queue as its frame, however many tasks it has', async () => {
    await using session = await TestSession.open({ executor: { maxConcurrentTasks: 1, queueBytes: 50_000 } });
    session.send('submit', 99, shell('sleep 60'));
    await session.frame('started', 99);
    const tasks = Array.from({ length: 50 }, (_, at) => [at + 1, { ...shell('true'), stdin: 'x'.repeat(500) }]);
    session.send('submitBatch', 0, { tasks });
    await session.frame('accepted', 50);
    const gauge = session.test.registry.snapshot().find(({ name }) => name === 'schedulerQueue')!;
    expect(gauge.depth).toBe(50);
    expect(gauge.depthBytes).toBeGreaterThan(25_000);
    expect(gauge.depthBytes).toBeLessThan(40_000);
  });

  it('of nothing does nothing', async () => {
    await using session = await TestSession.open();
    session.send('submitBatch', 0, { tasks: [] });
    session.send('ping', 1);
    await session.frame('pong', 1);
    expect(session.sink.types).toEqual(['pong']);
  });
});

describe('questions', () => {
  it.each(['queues', 'statistics', 'tasks', 'health'] as const)('for %s are answered', async (what) => {
    await using session = await TestSession.open();
    session.send('submit', 1, { ...shell('sleep 60'), label: 'mine' });
    await session.frame('started', 1);
    session.send('query', 2, { what });
    const { body } = await session.frame('reply', 2);
    expect(answerSchemas[what].safeParse(body).error).toBeUndefined();
    if (what === 'tasks') expect(body.tasks).toMatchObject([{ id: 1, label: 'mine', state: 'running' }]);
  });

  it('for a result are answered by it, or by why it is not there', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, shell('echo kept'));
    const result = await session.result(1);
    session.send('query', 2, { what: 'result', executionId: result.executionId });
    expect((await session.frame('reply', 2)).body).toEqual(result);
    session.send('query', 3, { what: 'result', executionId: 'x'.repeat(500) });
    const { error } = (await session.frame('reply', 3)).body;
    expect(error).toMatchObject({ kind: 'validation', details: { code: 'unknown_execution' } });
    expect(error!.message.length).toBeLessThan(300);
  });

  it('whose answer fits into no frame get an error that says so, and the session goes on', async () => {
    await using session = await TestSession.open({ outbox: { maxFrameBytes: 1_000 } });
    session.send('query', 1, { what: 'queues' });
    const { error } = (await session.frame('reply', 1)).body;
    expect(error).toMatchObject({ kind: 'resource', details: { code: 'frame_too_large' } });
    expect(error!.message).toContain('maxFrameBytes');
    session.send('ping', 2);
    await session.frame('pong', 2);
  });

  it('about tasks quote no more of a long command than they need', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, shell('sleep 60'));
    await session.frame('started', 1);
    session.send('submit', 2, { command: `/${'x'.repeat(100_000)}` });
    session.send('query', 3, { what: 'tasks' });
    const { body } = await session.frame('reply', 3);
    expect(JSON.stringify(body).length).toBeLessThan(2_000);
  });
});
