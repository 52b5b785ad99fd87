import { describe, expect, it } from 'vitest';
import { withoutBubblewrap } from '../sandbox/bubblewrap/support.js';
import { RawHost } from '../support/raw-host.js';
import { warningsOf } from './support/warnings.js';

const TASKS = 20;

const backends = ['process', ...(withoutBubblewrap ? [] : ['bubblewrap'])];

describe.each(backends)('a sidecar with room for few open files under the %s backend', (sandbox) => {
  it.each([88, 92, 96, 100, 104])('runs one task right after the other, with %s of them', async (openFiles) => {
    await using host = await RawHost.spawn({ config: { workerPoolSize: 1, sandbox }, openFiles });
    const statuses: string[] = [];
    for (let id = 1; id <= 5; id += 1) {
      await host.submit(id, { command: 'true' });
      statuses.push((await host.resultOf(id)).status);
    }
    expect(statuses).toEqual(Array(5).fill('success'));
  });

  it('runs what it can, tells of the rest, and goes on', async () => {
    const config = { maxConcurrentTasks: TASKS, workerPoolSize: 1, sandbox };
    await using host = await RawHost.spawn({ config, openFiles: 96 });
    for (let id = 1; id <= TASKS; id += 1) await host.submit(id, { command: 'sleep', args: ['6'] });
    const results = await Promise.all(Array.from({ length: TASKS }, (_, index) => host.resultOf(index + 1, 60_000)));
    const refused = results.filter(({ status }) => status === 'notExecuted');
    expect(results.filter(({ status }) => status === 'success').length).toBe(TASKS - refused.length);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(TASKS);
    for (const { error } of refused) expect(error).toMatchObject({ kind: 'sandbox' });
    expect(warningsOf(host, 0, 'sidecarOpenFiles').map(({ kind }) => kind)).toContain('exhausted');
    await host.submit(TASKS + 1, { command: 'true' });
    expect((await host.resultOf(TASKS + 1)).status).toBe('success');
    await host.send('shutdown', 0, { mode: 'drain' });
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(host.frames.at(-1)).toMatchObject({ type: 'bye', body: { leaked: 0 } });
  });
});
