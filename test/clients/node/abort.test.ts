import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../../clients/node/abort.js';
import { Sidecar } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';

const script = useFakeSidecar();

describe('watching a signal', () => {
  it('puts one listener on it, however many watch, and calls them all', () => {
    const { signal, abort } = newController();
    const called: number[] = [];
    for (let index = 0; index < 100; index += 1) onAbort(signal, () => called.push(index));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    abort();
    expect(called).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it('takes the listener off when the last one no longer watches, and only then', () => {
    const { signal, abort } = newController();
    const called: string[] = [];
    const first = onAbort(signal, () => called.push('first'));
    const second = onAbort(signal, () => called.push('second'));
    first();
    first();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    second();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    onAbort(signal, () => called.push('third'));
    second();
    abort();
    expect(called).toEqual(['third']);
  });

  it('leaves nothing on a signal that outlives many calls, and draws no warning from Node', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const { signal } = newController();
    await using sidecar = await Sidecar.spawn({ ...script({ open: {} }, { serve: {} }), signal });
    const items = Array.from({ length: 40 }, () => ({ command: 'echo' }));
    await Promise.all(items.map(({ command }) => sidecar.run(command, [], { signal })));
    await Promise.all(items.map(() => sidecar.ping({ signal })));
    await sidecar.executeTasks(items, { signal });
    for await (const result of sidecar.map(items, { signal })) expect(result.status).toBe('success');
    await sidecar.close();
    process.off('warning', onWarning);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(warnings).toEqual([]);
  });
});

function newController(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
