import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { SubmitWindow, type Waiting } from '../../../clients/node/window.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';

describe('the submit window', () => {
  it('sends at once while there is room, and then in the order in which they came', () => {
    const { window, enter, sent } = newWindow(2, 100);
    for (const name of ['a', 'b', 'c', 'd']) enter(name, 1, 10);
    expect(sent).toEqual(['a', 'b']);
    window.free({ tasks: 1, bytes: 10 });
    expect(sent).toEqual(['a', 'b', 'c']);
    window.free({ tasks: 1, bytes: 10 });
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
  });

  it('lets nobody overtake the first who waits, even where they would fit', () => {
    const { window, enter, sent } = newWindow(10, 100);
    enter('large', 1, 80);
    enter('waits', 1, 30);
    enter('small', 1, 1);
    expect(sent).toEqual(['large']);
    window.free({ tasks: 0, bytes: 80 });
    expect(sent).toEqual(['large', 'waits', 'small']);
  });

  it('goes on with the next when the first who waits is withdrawn', () => {
    const { window, enter, sent } = newWindow(10, 100);
    const large = enter('large', 1, 80);
    const waits = enter('waits', 1, 30);
    enter('small', 1, 1);
    expect(window.withdraw(waits)).toBe(true);
    expect(sent).toEqual(['large', 'small']);
    expect(window.withdraw(large)).toBe(false);
  });

  it('lets a question about room wait until one task would fit, and takes nothing up for it', () => {
    const { window, enter, sent } = newWindow(1, 100);
    enter('a', 1, 1);
    enter('room?', 0, 0);
    expect(sent).toEqual(['a']);
    window.free({ tasks: 1, bytes: 1 });
    enter('b', 1, 1);
    expect(sent).toEqual(['a', 'room?', 'b']);
  });

  it('says when nothing waits any more', async () => {
    const { window, enter } = newWindow(1, 100);
    await window.emptied();
    enter('a', 1, 1);
    enter('b', 1, 1);
    let isEmpty = false;
    const emptied = window.emptied().then(() => {
      isEmpty = true;
    });
    await Promise.resolve();
    expect(isEmpty).toBe(false);
    window.free({ tasks: 1, bytes: 1 });
    await emptied;
  });

  it('sends nothing while it is shut, and what waits when it is opened again, with all of its room', () => {
    const { window, enter, sent } = newWindow(2, 100);
    for (const name of ['a', 'b', 'c']) enter(name, 1, 10);
    window.shut();
    window.free({ tasks: 2, bytes: 20 });
    enter('d', 1, 10);
    expect(sent).toEqual(['a', 'b']);
    window.open({ tasks: 2, bytes: 100 });
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses what a new sidecar could never take, and lets what is behind it pass', () => {
    const { window, enter, sent } = newWindow(1, 100);
    enter('a', 1, 10);
    const error = new Error('too large');
    const refused: Error[] = [];
    window.enter({
      load: { tasks: 1, bytes: 90 },
      send: () => sent.push('large'),
      misfit: () => error,
      refuse: (reason) => refused.push(reason),
    });
    enter('small', 1, 10);
    window.open({ tasks: 1, bytes: 50 });
    expect(refused).toEqual([error]);
    expect(sent).toEqual(['a', 'small']);
  });

  it('never goes beyond its capacity, keeps the order, and sends everything in the end', () => {
    const load = fc.record({ tasks: fc.integer({ min: 1, max: 4 }), bytes: fc.integer({ min: 0, max: 50 }) });
    const action = fc.oneof(
      fc.record({ kind: fc.constant('enter' as const), load }),
      fc.record({ kind: fc.constant('free' as const), load }),
      fc.record({ kind: fc.constant('withdraw' as const), load }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const window = new SubmitWindow();
        window.open({ tasks: 4, bytes: 50 });
        const entered: Waiting[] = [];
        const sent: Waiting[] = [];
        const used = { tasks: 0, bytes: 0 };
        const free = () => {
          const entry = sent[freed]!;
          freed += 1;
          used.tasks -= entry.load.tasks;
          used.bytes -= entry.load.bytes;
          window.free(entry.load);
        };
        let freed = 0;
        for (const { kind, load } of actions) {
          if (kind === 'enter') {
            const entry: Waiting = {
              ...ALWAYS_FITS,
              load,
              send: () => {
                sent.push(entry);
                used.tasks += load.tasks;
                used.bytes += load.bytes;
                expect(used.tasks).toBeLessThanOrEqual(4);
                expect(used.bytes).toBeLessThanOrEqual(50);
              },
            };
            entered.push(entry);
            window.enter(entry);
          } else if (kind === 'free' && freed < sent.length) {
            free();
          } else if (kind === 'withdraw') {
            const waiting = entered.findIndex((entry) => !sent.includes(entry));
            if (waiting !== -1) window.withdraw(entered.splice(waiting, 1)[0]!);
          }
        }
        while (freed < sent.length) free();
        expect(sent).toEqual(entered);
      }),
    );
  });
});

describe('the tasks of a session', () => {
  const script = useFakeSidecar();

  it('wait in the client beyond the window, and are sent first come first served', async () => {
    const stderr: string[] = [];
    await using sidecar = await Sidecar.spawn({
      ...script({ open: { ready: { window: { tasks: 2 } } } }, { report: true }, { serve: { taskMs: 2 } }),
      onStderr: (text) => stderr.push(text),
    });
    const labels = Array.from({ length: 20 }, (_, index) => `task-${index}`);
    const tasks = labels.map((label) => sidecar.submit({ command: 'echo', args: [label], label }));
    const results = await Promise.all(tasks.map((task) => task.result));
    expect(results.map(({ stdout }) => Buffer.from(stdout).toString())).toEqual(labels);
    await sidecar.close();
    const frames = stderr
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(frames.filter(({ type }) => type === 'submit').map(({ body }) => body.label)).toEqual(labels);
  });

  it('stay within the bytes that may be unstarted', async () => {
    await using sidecar = await Sidecar.spawn(
      script({ open: { ready: { window: { taskBytes: 2_500 } } } }, { serve: { taskMs: 2 } }),
    );
    const stdin = 'x'.repeat(1_000);
    const tasks = Array.from({ length: 12 }, () => sidecar.submit({ command: 'cat', stdin }));
    const results = await Promise.all(tasks.map((task) => task.result));
    expect(results.map(({ status }) => status)).toEqual(Array(12).fill('success'));
  });

  it('say when they are sent', async () => {
    await using sidecar = await Sidecar.spawn(
      script({ open: { ready: { window: { tasks: 1 } } } }, { serve: { taskMs: 5 } }),
    );
    const order: string[] = [];
    const first = sidecar.submit({ command: 'first' });
    const second = sidecar.submit({ command: 'second' });
    const note = (event: string) => () => order.push(event);
    await Promise.all([
      first.sent.then(note('first sent')),
      first.result.then(note('first done')),
      second.sent.then(note('second sent')),
      second.result.then(note('second done')),
    ]);
    expect(order[0]).toBe('first sent');
    expect(order.at(-1)).toBe('second done');
    expect(order.indexOf('second sent')).toBeGreaterThan(order.indexOf('first sent'));
  });

  it('can be cancelled or aborted while they wait, and are never sent then', async () => {
    await using sidecar = await Sidecar.spawn(
      script({ open: { ready: { window: { tasks: 1 } } } }, { expect: 'submit', as: 'first' }, { serve: {} }),
    );
    const controller = new AbortController();
    sidecar.submit({ command: 'first' });
    const cancelled = sidecar.submit({ command: 'second', label: 'second', limits: { timeoutMs: 77 } });
    const aborted = sidecar.submit({ command: 'third' }, { signal: controller.signal });
    cancelled.cancel('not needed');
    controller.abort(new Error('enough'));
    expect(await cancelled.result).toMatchObject({
      executionId: '',
      status: 'cancelled',
      label: 'second',
      limits: { timeoutMs: 77, processes: 64 },
      error: { kind: 'execution', message: 'cancelled by the host before it was sent: not needed' },
    });
    await expect(aborted.result).rejects.toThrow('enough');
    await expect(aborted.sent).rejects.toThrow('enough');
    await cancelled.sent;
    expect(await cancelled.accepted).toBeUndefined();
    expect(await sidecar.tasks()).toEqual([]);
  });

  it('that could never be sent are refused with the bounds, and nothing else suffers', async () => {
    await using sidecar = await Sidecar.spawn(
      script({ open: { ready: { maxFrameBytes: 5_000, window: { taskBytes: 2_000 } } } }, { serve: {} }),
    );
    const submit = (bytes: number) => () => sidecar.submit({ command: 'cat', stdin: new Uint8Array(bytes) });
    expect(submit(6_000)).toThrow(
      expect.objectContaining({
        code: 'too_large',
        limit: 'maxFrameBytes',
        capacity: 5_000,
        message: expect.stringMatching(/maxFrameBytes is 5000, window.taskBytes is 2000/),
      }),
    );
    expect(submit(3_000)).toThrow(
      expect.objectContaining({ code: 'too_large', limit: 'window.taskBytes', capacity: 2_000 }),
    );
    await expect(sidecar.run('cat', [], { stdin: 'x'.repeat(6_000) })).rejects.toMatchObject({ code: 'too_large' });
    expect(await sidecar.run('echo', ['fine'])).toMatchObject({ stdout: 'fine' });
  });
});

const ALWAYS_FITS = {
  misfit: () => undefined,
  refuse: (error: Error) => {
    throw error;
  },
};

function newWindow(tasks: number, bytes: number) {
  const window = new SubmitWindow();
  window.open({ tasks, bytes });
  const sent: string[] = [];
  const enter = (name: string, ownTasks: number, ownBytes: number): Waiting => {
    const load = { tasks: ownTasks, bytes: ownBytes };
    const entry = { ...ALWAYS_FITS, load, send: () => sent.push(name) };
    window.enter(entry);
    return entry;
  };
  return { window, enter, sent };
}
