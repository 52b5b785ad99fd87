import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { resultBody, type Step } from '../../support/fake-sidecar/index.js';

const script = useFakeSidecar();

/** A sidecar that answers its first task with a result, and the shutdown with its exit. */
function answering(...answer: readonly Step[]) {
  return script({ open: {} }, { expect: 'submit', as: 'task' }, ...answer, { expect: 'shutdown' }, { exit: 0 });
}

describe('run', () => {
  it('gives the result with the output as text', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    const result = await sidecar.run('echo', ['héllo', 'wörld']);
    expect(result).toMatchObject({ status: 'success', exitCode: 0, stdout: 'héllo wörld', stderr: '' });
  });

  it('gives the very bytes on request', async () => {
    const stdout = Uint8Array.of(0xff, 0x00, 0xfe);
    const send: Step = { send: 'result', id: 'task', body: resultBody({ stdout }) };
    await using sidecar = await Sidecar.spawn(answering(send));
    const result = await sidecar.run('cat', [], { encoding: 'bytes' });
    const bytes: Uint8Array = result.stdout;
    expect(bytes).toEqual(stdout);
  });

  it('shows bytes that are no UTF-8 as U+FFFD', async () => {
    const send: Step = { send: 'result', id: 'task', body: resultBody({ stdout: Uint8Array.of(0x61, 0xff) }) };
    await using sidecar = await Sidecar.spawn(answering(send));
    expect((await sidecar.run('cat')).stdout).toBe('a\u{fffd}');
  });

  it('gives a failure as a value, not as an error', async () => {
    const error = { kind: 'validation' as const, message: 'command: must have at least 1 character' };
    const send: Step = {
      send: 'result',
      id: 'task',
      body: resultBody({ status: 'notExecuted', exitCode: null, error }),
    };
    await using sidecar = await Sidecar.spawn(answering(send));
    expect(await sidecar.run('')).toMatchObject({ status: 'notExecuted', exitCode: null, error });
  });

  it('sends the fields of the task in the terms of the protocol', async () => {
    const stderr: string[] = [];
    await using sidecar = await Sidecar.spawn({
      ...script({ open: {} }, { report: true }, { serve: {} }),
      onStderr: (text) => stderr.push(text),
    });
    await sidecar.run('sh', ['-c', 'true'], {
      env: { NAME: 'value', ABSENT: undefined },
      files: { 'in.txt': 'text' },
      stdin: Buffer.from('hi'),
      limits: { timeoutMs: 5, memoryBytes: undefined },
      label: undefined,
    });
    await sidecar.close();
    const [submit] = stderr.join('').split('\n');
    expect(JSON.parse(submit!).body).toEqual({
      command: 'sh',
      args: ['-c', 'true'],
      env: [['NAME', 'value']],
      files: [{ path: 'in.txt', data: 'text' }],
      stdin: { $bytes: '6869' },
      limits: { timeoutMs: 5 },
    });
  });

  it('hands warnings of the task to both listeners before the result is there', async () => {
    const seen: string[] = [];
    const body = { ...WARNING, scope: 'execution-1' };
    await using sidecar = await Sidecar.spawn({
      ...answering({ send: 'limitWarning', id: 'task', body }, { send: 'result', id: 'task', body: resultBody() }),
      onLimitWarning: ({ scope }) => seen.push(`global ${scope}`),
    });
    const running = sidecar.run('yes', [], { onLimitWarning: ({ limit }) => seen.push(`task ${limit}`) });
    await running.then(() => seen.push('result'));
    expect(seen).toEqual(['task outputBytes', 'global execution-1', 'result']);
  });

  it.each([
    ['task.command', [7]],
    ['options.output.mode', ['x', [], { output: { mode: 'stream' } }]],
    ['options.stdin', ['x', [], { stdin: { stream: true } }]],
    ['options.encoding', ['x', [], { encoding: 'latin1' }]],
    ['options.onLimitWarning', ['x', [], { onLimitWarning: 'loud' }]],
    ['task.env', ['x', [], { env: 'A=B' }]],
    ['task.files', ['x', [], { files: 'a.txt' }]],
    ['task', ['x', [() => 1]]],
  ])('refuses %s where it cannot be used, and nothing else suffers', async (field, args) => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    const running = sidecar.run(...(args as Parameters<typeof sidecar.run>));
    await expect(running).rejects.toMatchObject({ code: 'invalid_argument', field });
    expect(await sidecar.run('echo', ['still here'])).toMatchObject({ stdout: 'still here' });
  });
});

describe('an aborted run', () => {
  it('rejects with the reason of the signal once the task is over', async () => {
    const controller = new AbortController();
    await using sidecar = await Sidecar.spawn(
      script(
        { open: {} },
        { expect: 'submit', as: 'task' },
        { send: 'accepted', id: 'task', body: { executionId: 'execution-1', position: 0 } },
        { expect: 'cancel' },
        { send: 'result', id: 'task', body: resultBody({ status: 'cancelled' }) },
        { serve: {} },
      ),
    );
    const reason = new Error('enough');
    const running = sidecar.run('sleep', ['60'], { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(running).rejects.toBe(reason);
    expect(await sidecar.tasks()).toEqual([]);
  });

  it('never reaches the sidecar where the signal is aborted before', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { taskMs: 50 } }));
    const running = sidecar.run('sleep', ['60'], { signal: AbortSignal.abort('no') });
    await expect(running).rejects.toBe('no');
    expect(await sidecar.statistics()).toMatchObject({ completed: 0 });
  });

  it('rejects after a grace even where the sidecar does not answer the cancel', async () => {
    const controller = new AbortController();
    const sidecar = await Sidecar.spawn(script({ open: {} }, { expect: 'submit' }));
    const running = sidecar.run('sleep', ['60'], { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await sidecar.close({ mode: 'now', deadlineMs: 0 });
  });
});

const WARNING = {
  limit: 'outputBytes',
  category: 'resource',
  observed: 8,
  capacity: 10,
  fillPercent: 80,
  kind: 'near',
  unit: 'bytes',
  seq: 1,
  at: 0,
  configKey: 'limits.outputBytes',
};
