import { describe, expect, it } from 'vitest';
import { RawHost } from '../support/raw-host.js';
import { sh } from './support/tasks.js';

describe('the first cause', () => {
  it('decides, where a timeout and a cancel come at once', async () => {
    await using host = await RawHost.spawn();
    const ids = Array.from({ length: 10 }, (_, index) => index + 1);
    const results = await Promise.all(
      ids.map(async (id) => {
        await host.submit(id, { command: 'sleep', args: ['60'], limits: { timeoutMs: 200 } });
        const { at } = await host.waitFor({ type: 'started', id });
        await new Promise((resolve) => setTimeout(resolve, 195 + id - (performance.now() - at)));
        await host.send('cancel', id, { reason: 'enough' });
        return host.resultOf(id);
      }),
    );
    for (const { status, limitsExceeded, error } of results) {
      const isTimeout = status === 'timeout';
      expect(['timeout', 'cancelled']).toContain(status);
      expect(limitsExceeded.map(({ limit }) => limit)).toEqual(isTimeout ? ['timeoutMs'] : []);
      expect(error?.message).toContain(isTimeout ? 'limits.timeoutMs' : 'enough');
    }
    const answered = host.frames.filter(({ type }) => type === 'result').map(({ id }) => id);
    expect(answered.toSorted((a, b) => a - b)).toEqual(ids);
  });
});

describe.concurrent('a task', () => {
  it('within its limits gets no warning and leaves no evidence', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, sh('echo hi; sleep 0.5; exit 0'));
    expect(await host.resultOf(1)).toMatchObject({ status: 'success', limitsExceeded: [] });
    expect(host.frames.filter(({ type, id }) => type === 'limitWarning' && id === 1)).toEqual([]);
  });

  it('is told what it used, about as often as it asked', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, sh('sleep 60 & while :; do :; done', { limits: { timeoutMs: 1_500 }, usageEventsMs: 100 }));
    const result = await host.resultOf(1);
    const events = host.frames.flatMap((frame) => (frame.type === 'usage' ? [frame.body] : []));
    expect(events.length).toBeGreaterThanOrEqual(3);
    expect(events.length).toBeLessThanOrEqual(16);
    const cpu = events.map(({ cpuMs }) => cpuMs ?? 0);
    expect(cpu).toEqual(cpu.toSorted((a, b) => a - b));
    expect(result.usage.cpuMs).toBeGreaterThanOrEqual(cpu.at(-1)!);
    expect(result.usage).toMatchObject({ processPeak: 2, memoryPeakBytes: expect.any(Number) });
    expect(result.usage.wallMs).toBeGreaterThanOrEqual(1_500);
  });

  it('may not ask for more than the ceiling, nor for what only the kernel could hold', async () => {
    await using host = await RawHost.spawn({ config: { limitCeilings: { timeoutMs: 5_000, processes: 10 } } });
    await host.submit(1, { command: 'true', limits: { timeoutMs: 5_001 } });
    await host.submit(2, { command: 'true', require: 'kernel' });
    await host.submit(3, { command: 'true' });
    expect((await host.resultOf(1)).error).toMatchObject({
      kind: 'validation',
      message: expect.stringContaining('limits.timeoutMs: 5001 is above the ceiling of 5000'),
    });
    const soft = Object.entries(host.ready.enforcement).filter(([, mechanism]) => mechanism === 'sampled');
    const { error } = await host.resultOf(2);
    if (soft.length > 0) expect(error?.kind).toBe('sandbox');
    for (const [limit] of soft) expect(error?.message).toContain(limit);
    expect((await host.resultOf(3)).limits).toMatchObject({ timeoutMs: 5_000, processes: 10, openFiles: 1_024 });
  });
});
