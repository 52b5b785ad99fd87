import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { resultBody, type Step } from '../../support/fake-sidecar/index.js';
import { isAlive } from '../../support/processes.js';

const script = useFakeSidecar();

const BYE: Step = { send: 'bye', body: { reason: 'shutdown', completed: 1, cancelled: 0, leaked: 0 } };

describe.concurrent('closing', () => {
  it('asks a sidecar to shut down, and gives its farewell', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { expect: 'shutdown' }, BYE, { exit: 0 }));
    expect(await sidecar.close()).toEqual({
      exitCode: 0,
      signal: null,
      stderrTail: '',
      bye: { reason: 'shutdown', completed: 1, cancelled: 0, leaked: 0 },
      step: 'shutdown',
    });
    expect(isAlive(sidecar.pid)).toBe(false);
  });

  it('lets every task finish that was submitted, sent or not', async () => {
    const sidecar = await Sidecar.spawn(
      script({ open: { ready: { window: { tasks: 2 } } } }, { serve: { taskMs: 10 } }),
    );
    const tasks = Array.from({ length: 7 }, () => sidecar.submit({ command: 'echo', args: ['done'] }));
    const exit = await sidecar.close({ mode: 'drain' });
    const results = await Promise.all(tasks.map((task) => task.result));
    expect(results.map(({ status }) => status)).toEqual(Array(7).fill('success'));
    expect(exit).toMatchObject({ exitCode: 0, step: 'shutdown', bye: { completed: 7 } });
  });

  it('cancels every task with mode now, sent or not', async () => {
    const sidecar = await Sidecar.spawn(
      script({ open: { ready: { window: { tasks: 2 } } } }, { serve: { taskMs: 60_000 } }),
    );
    const tasks = Array.from({ length: 5 }, () => sidecar.submit({ command: 'sleep' }));
    await tasks[0]!.accepted;
    const exit = await sidecar.close({ mode: 'now' });
    const results = await Promise.all(tasks.map((task) => task.result));
    expect(results.map(({ status }) => status)).toEqual(Array(5).fill('cancelled'));
    expect(exit).toMatchObject({ exitCode: 0, step: 'shutdown' });
  });

  it('cancels what has not finished when the deadline of a drain is over', async () => {
    const sidecar = await Sidecar.spawn(
      script(
        { open: { ready: { window: { tasks: 1 } } } },
        { expect: 'submit', as: 'task' },
        { expect: 'shutdown' },
        { send: 'result', id: 'task', body: resultBody({ status: 'cancelled' }) },
        BYE,
        { exit: 0 },
      ),
    );
    const [running, unsent] = [sidecar.submit({ command: 'sleep' }), sidecar.submit({ command: 'sleep' })];
    expect(await sidecar.close({ deadlineMs: 100 })).toMatchObject({ exitCode: 0 });
    expect(await running.result).toMatchObject({ status: 'cancelled', executionId: 'execution-1' });
    expect(await unsent.result).toMatchObject({ status: 'cancelled', executionId: '' });
  });

  it('hurries a drain when it is asked again with mode now', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { taskMs: 60_000 } }));
    const task = sidecar.submit({ command: 'sleep' });
    await task.accepted;
    const drained = sidecar.close({ mode: 'drain', deadlineMs: 60_000 });
    const closed = sidecar.close({ mode: 'now' });
    expect(await task.result).toMatchObject({ status: 'cancelled' });
    expect(await drained).toBe(await closed);
  });

  it('gives the same end however often it is called, and takes no more work', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    const first = sidecar.close();
    const task = sidecar.submit({ command: 'late' });
    await expect(task.result).rejects.toMatchObject({ code: 'closed' });
    await expect(sidecar.run('late')).rejects.toMatchObject({ code: 'closed' });
    await expect(sidecar.executeTasks([{ command: 'late' }])).rejects.toMatchObject({ code: 'closed' });
    await expect(sidecar.map([{ command: 'late' }]).next()).rejects.toMatchObject({ code: 'closed' });
    await expect(sidecar.health()).rejects.toMatchObject({ code: 'closed' });
    expect(await sidecar.close()).toBe(await first);
    expect(await sidecar.close({ mode: 'now' })).toBe(await first);
    expect(await sidecar.closed).toBe(await first);
    await sidecar[Symbol.asyncDispose]();
  });

  it('is what the end of a scope does, at once', async () => {
    let pid: number;
    {
      await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { taskMs: 60_000 } }));
      pid = sidecar.pid;
      sidecar.submit({ command: 'sleep' });
    }
    expect(isAlive(pid)).toBe(false);
  });

  it('is what the signal of spawn does once the sidecar is ready', async () => {
    const controller = new AbortController();
    const sidecar = await Sidecar.spawn({ ...script({ open: {} }, { serve: {} }), signal: controller.signal });
    controller.abort();
    expect(await sidecar.closed).toMatchObject({ exitCode: 0, step: 'shutdown' });
  });

  it('goes on to the end of stdin where shutdown is not answered, and tells waiters that their sidecar is lost', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { expect: 'submit' }));
    const task = sidecar.submit({ command: 'sleep' });
    expect(await sidecar.close({ mode: 'now', deadlineMs: 50 })).toMatchObject({ exitCode: 0, step: 'endOfStdin' });
    await expect(task.result).rejects.toMatchObject({ code: 'sidecar_exited', exitCode: 0 });
  });

  it('goes on to SIGTERM where the end of stdin is ignored', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { ignore: ['endOfStdin'] }));
    expect(await sidecar.close({ mode: 'now', deadlineMs: 50 })).toMatchObject({ signal: 'SIGTERM', step: 'SIGTERM' });
  });

  it('goes on to SIGKILL where everything is ignored', async () => {
    const sidecar = await Sidecar.spawn(
      script({ open: {} }, { ignore: ['endOfStdin', 'SIGTERM'] }, { expect: 'submit' }),
    );
    const task = sidecar.submit({ command: 'sleep' });
    expect(await sidecar.close({ mode: 'now', deadlineMs: 50 })).toMatchObject({ signal: 'SIGKILL', step: 'SIGKILL' });
    await expect(task.result).rejects.toMatchObject({ code: 'sidecar_exited', signal: 'SIGKILL' });
    expect(isAlive(sidecar.pid)).toBe(false);
  });

  it('gives each step the time that spawn or close allows it', async () => {
    const sidecar = await Sidecar.spawn({
      ...script({ open: {} }, { ignore: ['shutdown', 'endOfStdin', 'SIGTERM'] }, { serve: {} }),
      graceMs: { endOfStdin: 60_000, SIGTERM: 50 },
    });
    const before = performance.now();
    const exit = await sidecar.close({ mode: 'now', deadlineMs: 50, graceMs: { endOfStdin: 50 } });
    expect(exit).toMatchObject({ signal: 'SIGKILL', step: 'SIGKILL' });
    expect(performance.now() - before).toBeGreaterThan(140);
  });

  it('ends a sidecar that is stopped', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    process.kill(sidecar.pid, 'SIGSTOP');
    expect(await sidecar.close({ mode: 'now', deadlineMs: 50 })).toMatchObject({ signal: 'SIGKILL', step: 'SIGKILL' });
  });

  it('ends a sidecar that says bye and stays', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { ignore: ['SIGTERM'] }, { expect: 'shutdown' }, BYE));
    expect(await sidecar.close()).toMatchObject({ exitCode: 0, step: 'endOfStdin', bye: { completed: 1 } });
  });

  it('ends a sidecar that floods instead of leaving', async () => {
    const flood: Step = { repeat: 2_000, steps: [{ send: 'output', id: 'task', body: FLOOD }] };
    const sidecar = await Sidecar.spawn(
      script(
        { open: {} },
        { expect: 'submit', as: 'task' },
        { ignore: ['endOfStdin'] },
        { expect: 'shutdown' },
        flood,
        BYE,
      ),
    );
    const task = sidecar.submit({ command: 'yes', output: { mode: 'stream' } });
    expect(await sidecar.close({ mode: 'now' })).toMatchObject({ signal: 'SIGTERM' });
    await expect(task.result).rejects.toMatchObject({ code: 'sidecar_fault', protocolCode: 'window_overrun' });
  });

  it.each([
    ['mode', { mode: 'gently' }],
    ['deadlineMs', { deadlineMs: -1 }],
    ['graceMs', { graceMs: 5 }],
    ['graceMs.SIGTERM', { graceMs: { SIGTERM: 0.5 } }],
    ['graceMs.SIGHUP', { graceMs: { SIGHUP: 5 } }],
  ])('refuses a wrong %s, and closes nothing', async (name, options) => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    await expect(sidecar.close(options as object)).rejects.toMatchObject({
      code: 'invalid_argument',
      field: `options.${name}`,
    });
    expect(await sidecar.run('echo', ['open'])).toMatchObject({ stdout: 'open' });
  });
});

const FLOOD = { stream: 'stdout', offset: 0, data: new Uint8Array(65_536) };
