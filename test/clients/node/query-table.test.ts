import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { resultBody, type Step } from '../../support/fake-sidecar/index.js';

const script = useFakeSidecar();

const answer = (body: object): Step[] => [
  { expect: 'query', as: 'question' },
  { send: 'reply', id: 'question', body },
];

const REFUSED = resultBody({
  status: 'notExecuted',
  exitCode: null,
  error: { kind: 'security', message: 'mkfs is denied' },
});

describe('a question', () => {
  it('gets its answer', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    const { executionId } = await sidecar.run('echo', ['kept']);
    expect(await sidecar.lookup(executionId)).toMatchObject({ executionId, stdout: 'kept' });
    expect(await sidecar.lookup(executionId, { encoding: 'bytes' })).toMatchObject({
      stdout: new TextEncoder().encode('kept'),
    });
    expect(await sidecar.queueSnapshot()).toEqual([]);
    expect(await sidecar.statistics()).toMatchObject({ completed: 1 });
    expect(await sidecar.health()).toMatchObject({ shuttingDown: false });
    expect(await sidecar.tasks()).toEqual([]);
    expect(await sidecar.ping()).toBeGreaterThan(0);
  });

  it('about a result that is not kept is answered by undefined', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    expect(await sidecar.lookup('execution-77')).toBeUndefined();
  });

  it('about a result that ended in an error is not taken for one that failed', async () => {
    await using sidecar = await Sidecar.spawn(
      script(
        { open: {} },
        { expect: 'submit', as: 'task' },
        { send: 'result', id: 'task', body: REFUSED },
        ...answer(REFUSED),
        {
          serve: {},
        },
      ),
    );
    await sidecar.run('mkfs');
    expect(await sidecar.lookup('execution-1')).toMatchObject({ status: 'notExecuted', error: { kind: 'security' } });
  });

  it('that cannot be answered rejects with what the sidecar says', async () => {
    const error = { kind: 'monitoring', message: 'the monitor is off', details: { setting: 'enableMonitoring' } };
    await using sidecar = await Sidecar.spawn(script({ open: {} }, ...answer({ error }), { serve: {} }));
    await expect(sidecar.health()).rejects.toMatchObject({
      code: 'query_failed',
      kind: 'monitoring',
      details: { setting: 'enableMonitoring' },
      message: "The sidecar could not answer the question 'health': the monitor is off",
    });
  });

  it('waits in the client beyond the 64 that may be unanswered', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { answerMs: 3 } }));
    const asked = Array.from({ length: 300 }, (_, index) =>
      index % 2 === 0 ? sidecar.ping() : sidecar.queueSnapshot(),
    );
    expect(await Promise.all(asked)).toHaveLength(300);
  });

  it('rejects at once when its signal aborts, sent or not, and the late answer does no harm', async () => {
    const controller = new AbortController();
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { answerMs: 30 } }));
    const asked = Array.from({ length: 100 }, () => sidecar.ping({ signal: controller.signal }));
    controller.abort(new Error('enough'));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.message === 'enough')).toBe(
      true,
    );
    expect(await sidecar.queueSnapshot()).toEqual([]);
  });

  it('that is not answered in time rejects with the option that says so, and the late answer does no harm', async () => {
    await using sidecar = await Sidecar.spawn({
      ...script(
        { open: {} },
        { expect: 'ping' as const, as: 'late' },
        { expect: 'query' },
        { send: 'pong', id: 'late' },
        {
          serve: {},
        },
      ),
      answerTimeoutMs: 200,
    });
    await expect(sidecar.ping()).rejects.toMatchObject({
      code: 'answer_timeout',
      timeoutMs: 200,
      message: "The sidecar did not answer 'ping' within 200 ms (option answerTimeoutMs)",
    });
    await expect(sidecar.health()).rejects.toMatchObject({ code: 'answer_timeout' });
    expect(await sidecar.run('echo', ['on'])).toMatchObject({ stdout: 'on' });
  });

  it('is not given up where its answer came in time and only the host did not read it', async () => {
    await using sidecar = await Sidecar.spawn({ ...script({ open: {} }, { serve: {} }), answerTimeoutMs: 1_000 });
    const answer = sidecar.ping();
    await Promise.resolve();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    expect(await answer).toBeGreaterThan(2_000);
  });

  it('that gets an answer to another question costs the sidecar its session', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, ...answer({ uptimeMs: 'long' })));
    await expect(sidecar.health()).rejects.toMatchObject({
      code: 'sidecar_fault',
      protocolCode: 'invalid_body',
      message: expect.stringContaining('uptimeMs'),
    });
  });

  it('that nobody has asked must not be answered', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { expect: 'ping' }, { send: 'pong', id: 9_999 }));
    await expect(sidecar.ping()).rejects.toMatchObject({ code: 'sidecar_fault', protocolCode: 'unexpected_frame' });
  });

  it('about an execution needs its id', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    await expect(sidecar.lookup(7 as never)).rejects.toMatchObject({ code: 'invalid_argument', field: 'executionId' });
  });
});
