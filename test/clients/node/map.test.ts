import { describe, expect, it } from 'vitest';
import { Sidecar, type TaskInput } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { resultBody } from '../../support/fake-sidecar/index.js';
import { waitFor } from '../../support/wait-for.js';

const script = useFakeSidecar();

const echo = (item: unknown): TaskInput => ({ command: 'echo', args: [String(item)] });

describe('map', () => {
  it('runs a task for each item and gives the results in the order of the items', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: { ready: { window: { tasks: 4 } } } }, { serve: {} }));
    const items = Array.from({ length: 50 }, (_, index) => index);
    const outputs: string[] = [];
    for await (const { stdout } of sidecar.map(items, echo)) outputs.push(stdout);
    expect(outputs).toEqual(items.map(String));
  });

  it('gives results as they come where no order is asked for', async () => {
    await using sidecar = await Sidecar.spawn(
      script(
        { open: {} },
        { expect: 'submit', as: 'first' },
        { expect: 'submit', as: 'second' },
        { send: 'result', id: 'second', body: resultBody({ label: 'second' }) },
        { wait: 30 },
        { send: 'result', id: 'first', body: resultBody({ label: 'first' }) },
        { serve: {} },
      ),
    );
    const labels: unknown[] = [];
    for await (const { label } of sidecar.map([echo('a'), echo('b')], { ordered: false })) labels.push(label);
    expect(labels).toEqual(['second', 'first']);
  });

  it('gives bytes on request', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    for await (const { stdout } of sidecar.map(['a'], echo, { encoding: 'bytes' }))
      expect(stdout).toEqual(Uint8Array.of(0x61));
  });

  it('takes items only as the window allows, so that the source may be endless', async () => {
    await using sidecar = await Sidecar.spawn(
      script({ open: { ready: { window: { tasks: 5 } } } }, { serve: { taskMs: 1 } }),
    );
    let taken = 0;
    let yielded = 0;
    let ahead = 0;
    async function* numbers() {
      for (;;) {
        taken += 1;
        ahead = Math.max(ahead, taken - yielded);
        yield taken;
      }
    }
    for await (const _result of sidecar.map(numbers(), echo)) {
      yielded += 1;
      if (yielded === 40) break;
    }
    expect(yielded).toBe(40);
    expect(ahead).toBeLessThanOrEqual(6);
  });

  it('takes nothing more while its results are not taken', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: { ready: { window: { tasks: 3 } } } }, { serve: {} }));
    let taken = 0;
    function* numbers() {
      for (;;) {
        taken += 1;
        yield taken;
      }
    }
    const results = sidecar.map(numbers(), echo);
    await results.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toBeLessThanOrEqual(4);
    await results.return();
  });

  it('cancels what is under way, and closes the source, when the consumer breaks off', async () => {
    await using sidecar = await Sidecar.spawn(
      script(
        { open: { ready: { window: { tasks: 3 } } } },
        { expect: 'submit', as: 'first' },
        { send: 'result', id: 'first', body: resultBody() },
        { serve: { taskMs: 10_000 } },
      ),
    );
    let isClosed = false;
    function* numbers() {
      try {
        for (let number = 0; ; number += 1) yield number;
      } finally {
        isClosed = true;
      }
    }
    for await (const _result of sidecar.map(numbers(), echo)) break;
    expect(await sidecar.tasks()).toEqual([]);
    expect(isClosed).toBe(true);
  });

  it('fails with the error of the source, after cancelling what is under way', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { taskMs: 10_000 } }));
    async function* broken() {
      yield echo('a');
      throw new Error('source failed');
    }
    await expect(sidecar.map(broken()).next()).rejects.toThrow('source failed');
    expect(await sidecar.tasks()).toEqual([]);
  });

  it('fails with the error of the function that makes the tasks', async () => {
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    const results = sidecar.map([1], () => {
      throw new Error('no task');
    });
    await expect(results.next()).rejects.toThrow('no task');
    await expect(sidecar.map([{ command: 'cat', stdin: { stream: true } }]).next()).rejects.toMatchObject({
      code: 'invalid_argument',
      field: 'task 0.stdin',
    });
  });

  it('rejects with the reason of the signal, even while the source gives nothing', async () => {
    const controller = new AbortController();
    await using sidecar = await Sidecar.spawn(script({ open: {} }, { serve: { taskMs: 10_000 } }));
    async function* stuck() {
      yield echo('a');
      await new Promise(() => {});
    }
    const next = sidecar.map(stuck(), { signal: controller.signal }).next();
    await sidecar.ping();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(await sidecar.tasks()).toEqual([]);
  });

  it('gives what has come before the sidecar was closed, and then fails, though its source gives nothing more', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { serve: {} }));
    const mapping = sidecar.map(twoAndNothing(), echo);
    expect(await mapping.next()).toMatchObject({ value: { stdout: '1' } });
    await waitFor(async () => (await sidecar.statistics()).completed === 2, 'the second result');
    await sidecar.close();
    expect(await mapping.next()).toMatchObject({ value: { stdout: '2' } });
    await expect(mapping.next()).rejects.toMatchObject({ code: 'closed' });
  });

  it('fails when the sidecar is lost', async () => {
    const sidecar = await Sidecar.spawn(
      script({ open: { ready: { window: { tasks: 1 } } } }, { expect: 'submit' }, { die: 'SIGKILL' }),
    );
    await expect(sidecar.map([1, 2, 3], echo).next()).rejects.toMatchObject({
      code: 'sidecar_exited',
      signal: 'SIGKILL',
    });
    await expect(sidecar.map([1, 2, 3], echo).next()).rejects.toMatchObject({
      code: 'sidecar_exited',
      signal: 'SIGKILL',
    });
  });
});

async function* twoAndNothing(): AsyncGenerator<number> {
  yield* [1, 2];
  await new Promise(() => {});
}
