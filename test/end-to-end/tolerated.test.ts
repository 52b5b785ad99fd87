import { describe, expect, it } from 'vitest';
import { RawHost } from '../support/raw-host.js';
import { frame, hex } from './support/frame-bytes.js';

describe('what a host may send', () => {
  it('includes frames of types that begin with x-, and unknown fields, at any time', async () => {
    await using host = await RawHost.spawn({ autoInit: false });
    await host.send('x-before', 7, { any: 'thing' });
    await host.send('init', 0, { protocol: 1, extra: [1] });
    await host.waitFor({ type: 'ready' });
    await host.sendBytes(frame('x-after', 4_294_967_295, {}));
    await host.send('submit', 1, { command: 'echo', args: ['hi'], extra: { deep: [null] } });
    expect(await host.resultOf(1)).toMatchObject({ status: 'success' });
  });

  it('includes cancel, signal, window and stdin for ids that are unknown or answered', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, { command: 'cat', stdin: { stream: true } });
    await host.send('stdin', 1, { end: true });
    await host.resultOf(1);
    for (const id of [1, 99]) {
      await host.send('cancel', id, {});
      await host.send('signal', id, { signal: 'SIGTERM' });
      await host.send('window', id, { outputBytes: 1 });
      await host.send('stdin', id, { data: hex('00'), end: true });
    }
    await host.send('ping', 2, { still: 'here' });
    expect((await host.waitFor({ type: 'pong', id: 2 })).body).toEqual({ still: 'here' });
    expect(host.frames.filter(({ id }) => id === 99)).toEqual([]);
  });

  it('includes a task that is wrong: that is its own misfortune', async () => {
    await using host = await RawHost.spawn();
    const wrong: readonly (readonly [body: object, named: string])[] = [
      [{}, 'command'],
      [{ command: 5 }, 'command'],
      [{ command: 'a\0b' }, 'command'],
      [{ command: 'true', args: 'x' }, 'args'],
      [{ command: 'true', env: [['A=B', 'x']] }, 'env'],
      [{ command: 'true', limits: { timeoutMs: 1.5 } }, 'limits.timeoutMs'],
      [{ command: 'true', priority: 101 }, 'priority'],
      [{ command: 'true', files: [{ path: '../up', data: '' }] }, 'files[0].path'],
      [{ command: 'true', cwd: '/' }, 'cwd'],
      [{ command: 'true', label: 'l'.repeat(1_025) }, 'label'],
      [{ command: 'true', output: { mode: 'shout' } }, 'output.mode'],
    ];
    await Promise.all(wrong.map(([body], index) => host.send('submit', index + 1, body)));
    for (const [index, [, named]] of wrong.entries()) {
      const { status, error } = await host.resultOf(index + 1);
      expect({ status, kind: error?.kind }).toEqual({ status: 'notExecuted', kind: 'validation' });
      expect(error?.message).toContain(named);
    }
    await host.submit(50, { command: 'true' });
    expect(await host.resultOf(50)).toMatchObject({ status: 'success' });
  });
});
