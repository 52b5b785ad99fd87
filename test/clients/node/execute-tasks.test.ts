import { describe, expect, it } from 'vitest';
import { Sidecar, type TaskInput } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { resultBody } from '../../support/fake-sidecar/index.js';

const script = useFakeSidecar();

const echo = (text: string): TaskInput => ({ command: 'echo', args: [text] });

describe('executeTasks', () => {
  it('sends one batch and gives the results in the order of the tasks', async () => {
    await using sidecar = await Sidecar.spawn(
      script(
        { open: {} },
        { expect: 'submitBatch', as: 'batch' },
        { send: 'result', id: 'batch.1', body: resultBody({ stdout: 'second' }) },
        { send: 'result', id: 'batch.0', body: resultBody({ stdout: 'first' }) },
        { serve: {} },
      ),
    );
    const results = await sidecar.executeTasks([echo('a'), echo('b')]);
    expect(results.map(({ stdout }) => stdout)).toEqual(['first', 'second']);
  });

  it('gives bytes on request', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    const [result] = await sidecar.executeTasks([echo('a')], { encoding: 'bytes' });
    expect(result?.stdout).toEqual(Uint8Array.of(0x61));
  });

  it('gives a refused batch as results that say so', async () => {
    const refused = resultBody({
      status: 'notExecuted',
      exitCode: null,
      error: { kind: 'resource', message: 'queue full' },
    });
    await using sidecar = await Sidecar.spawn(
      script(
        { open: {} },
        { expect: 'submitBatch', as: 'batch' },
        { send: 'result', id: 'batch.0', body: refused },
        { send: 'result', id: 'batch.1', body: refused },
        { serve: {} },
      ),
    );
    const results = await sidecar.executeTasks([echo('a'), echo('b')]);
    expect(results.map(({ status }) => status)).toEqual(['notExecuted', 'notExecuted']);
  });

  it('needs no sidecar for an empty batch', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    expect(await sidecar.executeTasks([])).toEqual([]);
  });

  it('waits until the window has room for the whole batch', async () => {
    await using sidecar = await Sidecar.spawn(
      script({ open: { ready: { window: { tasks: 3, taskBytes: 400 } } } }, { serve: { taskMs: 3 } }),
    );
    const batch = () => sidecar.executeTasks([echo('a'.repeat(50)), echo('b'.repeat(50))]);
    const all = await Promise.all([batch(), batch(), sidecar.run('echo', ['c']), batch()]);
    expect(all.flat()).toHaveLength(7);
  });

  it('refuses a batch that could never be sent, with the bound', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: { ready: { window: { tasks: 3 } } } }, { serve: {} }));
    await expect(sidecar.executeTasks(Array.from({ length: 4 }, () => echo('a')))).rejects.toMatchObject({
      code: 'too_large',
      limit: 'window.tasks',
      value: 4,
      capacity: 3,
    });
    expect(await sidecar.executeTasks([echo('a')])).toHaveLength(1);
  });

  it('names the task that cannot be sent', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    await expect(sidecar.executeTasks([echo('a'), { command: 1 } as never])).rejects.toMatchObject({
      field: 'tasks[1].command',
    });
    await expect(sidecar.executeTasks([{ command: 'cat', output: { mode: 'stream' } }])).rejects.toMatchObject({
      field: 'tasks[0].output.mode',
    });
    await expect(sidecar.executeTasks([null] as never)).rejects.toMatchObject({ field: 'tasks[0]' });
    await expect(sidecar.executeTasks({} as never)).rejects.toMatchObject({ field: 'tasks' });
  });

  it('cancels all of them when the signal aborts', async () => {
    const controller = new AbortController();
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { taskMs: 10_000 } }));
    const running = sidecar.executeTasks([echo('a'), echo('b')], { signal: controller.signal });
    await sidecar.ping();
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(await sidecar.tasks()).toEqual([]);
  });
});
