import { describe, expect, it } from 'vitest';
import { Sidecar, type SidecarLostError } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { helloBody, resultBody, type Step } from '../../support/fake-sidecar/index.js';
import { isAlive } from '../../support/processes.js';

const script = useFakeSidecar();

const ACCEPTED: Step = { send: 'accepted', id: 'task', body: { executionId: 'execution-1', position: 0 } };

/** A sidecar that takes one task and then does `steps`. */
function failing(...steps: readonly Step[]) {
  return script({ open: { ready: { window: { tasks: 1 } } } }, { expect: 'submit', as: 'task' }, ...steps);
}

describe('when the sidecar dies', () => {
  it('every waiter is told how, and whether its task had been accepted', async () => {
    const sidecar = await Sidecar.spawn(failing(ACCEPTED, { stderr: 'out of luck' }, { wait: 20 }, { die: 'SIGKILL' }));
    const accepted = sidecar.submit({ command: 'first' });
    const unsent = sidecar.submit({ command: 'second', output: { mode: 'stream' } });
    const ping = sidecar.ping();
    const outcomes = await Promise.allSettled([
      accepted.result,
      unsent.result,
      unsent.sent,
      unsent.accepted,
      unsent.started,
      unsent.output[Symbol.asyncIterator]().next(),
      ping,
    ]);
    const errors = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as SidecarLostError);
    expect(errors.map(({ code, accepted, executionId }) => [code, accepted, executionId])).toEqual([
      ['sidecar_exited', true, 'execution-1'],
      ...Array(6).fill(['sidecar_exited', false, undefined]),
    ]);
    for (const error of errors)
      expect(error).toMatchObject({ exitCode: null, signal: 'SIGKILL', stderrTail: 'out of luck' });
    expect(errors[0]!.message).toContain('execution-1 had been accepted and its fate is unknown');
    expect(await sidecar.closed).toMatchObject({ exitCode: null, signal: 'SIGKILL', step: undefined, bye: undefined });
  });

  it('its exit code is told', async () => {
    const sidecar = await Sidecar.spawn(failing({ exit: 70 }));
    await expect(sidecar.run('true')).rejects.toMatchObject({ code: 'sidecar_exited', exitCode: 70, signal: null });
  });

  it('what it sent before is still received', async () => {
    const results: Step[] = [
      ACCEPTED,
      { send: 'result', id: 'task', body: resultBody({ stdout: 'in time' }) },
      { exit: 1 },
    ];
    const sidecar = await Sidecar.spawn(failing(...results));
    expect(await sidecar.run('true')).toMatchObject({ stdout: 'in time' });
    expect(await sidecar.closed).toMatchObject({ exitCode: 1 });
  });

  it('it takes no more tasks or questions, and closing it still works', async () => {
    const sidecar = await Sidecar.spawn(failing({ exit: 70 }));
    await sidecar.run('true').catch(() => {});
    await expect(sidecar.run('true')).rejects.toMatchObject({ code: 'sidecar_exited', exitCode: 70 });
    await expect(sidecar.health()).rejects.toMatchObject({ code: 'sidecar_exited', exitCode: 70 });
    expect(await sidecar.close()).toMatchObject({ exitCode: 70, step: undefined });
  });

  it('only the last 64 KiB of its stderr are kept, and all of it is handed on', async () => {
    let heard = 0;
    const noise: Step = { stderr: `${'x'.repeat(9_999)}\n` };
    const sidecar = await Sidecar.spawn({
      ...failing({ repeat: 100, steps: [noise] }, { stderr: 'the end' }, { wait: 50 }, { die: 'SIGKILL' }),
      onStderr: (text) => {
        heard += text.length;
      },
    });
    const error = await sidecar.run('true').catch((reason: SidecarLostError) => reason);
    const { stderrTail } = error as SidecarLostError;
    expect(stderrTail).toHaveLength(65_536);
    expect(stderrTail.endsWith('the end')).toBe(true);
    expect(heard).toBe(100 * 10_000 + 'the end'.length);
  });
});

describe('when the sidecar breaks the protocol', () => {
  const RESULT: Step = { send: 'result', id: 'task', body: resultBody() };
  const faults: [string, string, Step[]][] = [
    [
      'dies inside a frame',
      'frame_truncated',
      [{ cut: { send: 'result', id: 'task', body: resultBody() }, bytes: 9 }, { exit: 1 }],
    ],
    ['writes text', 'frame_too_large', [{ text: 'Segmentation fault' }]],
    [
      'sends a frame for an id that is not under way',
      'unexpected_frame',
      [{ send: 'started', id: 77, body: { queuedMs: 0 } }],
    ],
    ['opens the session twice', 'unexpected_frame', [{ send: 'hello', body: helloBody() }]],
    ['sends a body that is none', 'invalid_body', [{ send: 'accepted', id: 'task', body: { position: -1 } }]],
    ['sends a type that is not known', 'unknown_type', [{ send: 'surprise' as 'bye', id: 'task' }]],
  ];

  it.each(faults)('because it %s, every waiter is told, and it is ended', async (_what, protocolCode, steps) => {
    const sidecar = await Sidecar.spawn(failing(ACCEPTED, ...steps));
    await expect(sidecar.run('true')).rejects.toMatchObject({ code: 'sidecar_fault', protocolCode, accepted: true });
    await sidecar.closed;
    expect(isAlive(sidecar.pid)).toBe(false);
  });

  it('because it sends a second result, the next waiter is told', async () => {
    const sidecar = await Sidecar.spawn(failing(RESULT, { expect: 'submit' }, RESULT));
    expect(await sidecar.run('true')).toMatchObject({ status: 'success' });
    await expect(sidecar.run('true')).rejects.toMatchObject({
      code: 'sidecar_fault',
      protocolCode: 'unexpected_frame',
    });
  });

  it('because it answers a task that it was not sent yet, every waiter is told', async () => {
    const sidecar = await Sidecar.spawn(failing({ send: 'result', id: 2, body: resultBody() }));
    const outcomes = await Promise.allSettled([sidecar.run('sent'), sidecar.run('not sent')]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { protocolCode: 'unexpected_frame' } });
  });

  it('because it closes its stdout and stays, it is ended', async () => {
    const sidecar = await Sidecar.spawn(failing({ closeStdout: true }));
    await expect(sidecar.run('true')).rejects.toMatchObject({ code: 'sidecar_exited', exitCode: 0 });
    expect(await sidecar.closed).toMatchObject({ step: 'endOfStdin' });
  });

  it('frames of types that begin with x- are no fault', async () => {
    const sidecar = await Sidecar.spawn(failing({ send: 'x-news' as 'bye', body: { any: 1 } }, RESULT));
    expect(await sidecar.run('true')).toMatchObject({ status: 'success' });
    await sidecar.close({ mode: 'now', deadlineMs: 0 });
  });
});

describe('when the sidecar says that this client broke the protocol', () => {
  it('every waiter is told what it said', async () => {
    const body = { code: 'duplicate_id', message: 'id 1 is in use by a task that has no result yet' };
    const sidecar = await Sidecar.spawn(failing({ send: 'protocolError', body }, { exit: 65 }));
    await expect(sidecar.run('true')).rejects.toMatchObject({
      code: 'protocol_error',
      protocolCode: 'duplicate_id',
      exitCode: 65,
      message: expect.stringContaining(body.message),
    });
  });
});
