import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { resultBody, type Step } from '../../support/fake-sidecar/index.js';

const script = useFakeSidecar();

const ACCEPTED: Step = { send: 'accepted', id: 'task', body: { executionId: 'execution-1', position: 4 } };
const STARTED: Step = { send: 'started', id: 'task', body: { pid: 77, queuedMs: 12 } };
const RESULT: Step = { send: 'result', id: 'task', body: resultBody() };

/** A sidecar that takes one task, does `steps` about it, and from then on answers everything. */
function about(...steps: readonly Step[]) {
  return script({ open: {} }, { expect: 'submit', as: 'task' }, ...steps, { serve: {} });
}

describe('the handle of a task', () => {
  it('tells that the task was accepted, started and ended', async () => {
    await using sidecar = await Sidecar.spawn(about(ACCEPTED, STARTED, RESULT));
    const task = sidecar.submit({ command: 'true', label: 'mine' });
    expect(task).toMatchObject({ id: expect.any(Number), label: 'mine', stdin: undefined });
    await task.sent;
    expect(await task.accepted).toEqual({ executionId: 'execution-1', position: 4 });
    expect(await task.started).toEqual({ pid: 77, queuedMs: 12 });
    expect(await task.result).toMatchObject({ status: 'success', stdout: new Uint8Array(0) });
  });

  it('tells that a task that was refused was neither accepted nor started', async () => {
    const error = { kind: 'security' as const, message: 'mkfs is denied' };
    await using sidecar = await Sidecar.spawn(
      about({ send: 'result', id: 'task', body: resultBody({ status: 'notExecuted', exitCode: null, error }) }),
    );
    const task = sidecar.submit({ command: 'mkfs' });
    expect(await task.accepted).toBeUndefined();
    expect(await task.started).toBeUndefined();
    expect(await task.result).toMatchObject({ status: 'notExecuted', error });
  });

  it('sends a cancel with its reason, and the result is the answer', async () => {
    const stderr: string[] = [];
    await using sidecar = await Sidecar.spawn({
      ...script({ open: {} }, { report: true }, { serve: { taskMs: 10_000 } }),
      onStderr: (text) => stderr.push(text),
    });
    const task = sidecar.submit({ command: 'sleep' });
    await task.accepted;
    task.cancel('not needed');
    expect(await task.result).toMatchObject({ status: 'cancelled' });
    task.cancel('again');
    await sidecar.close();
    const frames = stderr
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(frames.map(({ type, body }) => [type, body.reason])).toEqual([
      ['submit', undefined],
      ['cancel', 'not needed'],
      ['shutdown', undefined],
    ]);
  });

  it('sends signals while the task is under way, and knows which there are', async () => {
    await using sidecar = await Sidecar.spawn(about(ACCEPTED, STARTED, { expect: 'signal' }, RESULT));
    const task = sidecar.submit({ command: 'sleep' });
    await task.started;
    expect(() => task.signal('SIGNONE' as 'SIGHUP')).toThrow(
      expect.objectContaining({ code: 'invalid_argument', field: 'name' }),
    );
    task.signal('SIGUSR1');
    expect(await task.result).toMatchObject({ status: 'success' });
  });

  it('hands usage and warnings to its listeners, until they are removed', async () => {
    const usage = { ...USAGE, wallMs: 100 };
    await using sidecar = await Sidecar.spawn(
      about(
        ACCEPTED,
        { send: 'usage', id: 'task', body: usage },
        { send: 'limitWarning', id: 'task', body: WARNING },
        { expect: 'signal' },
        { send: 'usage', id: 'task', body: { ...USAGE, wallMs: 200 } },
        RESULT,
      ),
    );
    const task = sidecar.submit({ command: 'sleep', usageEventsMs: 100 });
    const seen: unknown[] = [];
    const removed = task.onUsage(({ wallMs }) => seen.push(wallMs));
    task.onLimitWarning(({ limit }) => {
      seen.push(limit);
      removed();
      task.signal('SIGUSR1');
    });
    await task.result;
    expect(seen).toEqual([100, 'timeoutMs']);
  });

  it('never lets a listener that throws, or rejects, break the client', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    await using sidecar = await Sidecar.spawn({
      ...about(ACCEPTED, { send: 'limitWarning', id: 'task', body: WARNING }, RESULT),
      onLimitWarning: () => {
        throw new Error('clumsy');
      },
    });
    const task = sidecar.submit({ command: 'sleep' });
    task.onLimitWarning(async () => {
      throw new Error('clumsy later');
    });
    expect(await task.result).toMatchObject({ status: 'success' });
    await sidecar.ping();
    process.off('warning', onWarning);
    expect(warnings.map(({ message }) => message)).toEqual([
      'A listener threw: clumsy',
      'A listener threw: clumsy later',
    ]);
    expect(warnings[0]).toMatchObject({ name: 'ExecSidecarWarning', code: 'EXEC_SIDECAR_LISTENER' });
  });

  it('cancels the task and waits for its end when it is disposed of', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { taskMs: 10_000 } }));
    let result: Promise<{ status: string }>;
    {
      await using task = sidecar.submit({ command: 'sleep' });
      result = task.result;
    }
    expect(await sidecar.tasks()).toEqual([]);
    expect(await result).toMatchObject({ status: 'cancelled' });
  });

  it('may be left alone: a result that nobody awaits is no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    const sidecar = await Sidecar.spawn(about(ACCEPTED, { die: 'SIGKILL' }));
    sidecar.submit({ command: 'sleep' });
    sidecar.submit({ command: 'sleep', output: { mode: 'stream' }, stdin: { stream: true } });
    await sidecar.closed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });
});

const USAGE = {
  wallMs: null,
  cpuMs: null,
  userMs: null,
  systemMs: null,
  memoryBytes: null,
  memoryPeakBytes: null,
  processes: null,
  processPeak: null,
};

const WARNING = {
  limit: 'timeoutMs',
  category: 'resource',
  observed: 8,
  capacity: 10,
  fillPercent: 80,
  kind: 'near',
  unit: 'ms',
  scope: 'execution-1',
  seq: 1,
  at: 0,
  configKey: 'limits.timeoutMs',
};
