import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { nap, start, stubborn } from './support/tasks.js';

describe.concurrent('an open session', () => {
  it('has a heartbeat where the host asked for one', async () => {
    await using host = await RawHost.spawn({ heartbeatMs: 60 });
    await start(host, 1, stubborn);
    const beats = () => host.frames.flatMap((frame) => (frame.type === 'heartbeat' ? [frame.body] : []));
    await waitFor(() => beats().filter(({ active }) => active === 1).length >= 3, 'three heartbeats');
    expect(beats().map(({ seq }) => seq)).toEqual(beats().map((_, index) => index + 1));
    const uptimes = beats().map(({ uptimeMs }) => uptimeMs);
    expect(uptimes).toEqual(uptimes.toSorted((a, b) => a - b));
    expect(beats().at(-1)).toMatchObject({ active: 1, queued: 0 });
  });

  it('has none where nobody asked', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, nap);
    await host.resultOf(1);
    expect(host.frames.some(({ type }) => type === 'heartbeat')).toBe(false);
  });

  it('answers every question', async () => {
    await using host = await RawHost.spawn({ config: { maxConcurrentTasks: 1, resultCacheSize: 2 } });
    const executionIds: string[] = [];
    for (const id of [1, 2, 3]) {
      await host.submit(id, { command: 'echo', args: [String(id)], label: `task ${id}` });
      executionIds.push((await host.resultOf(id)).executionId);
    }
    await start(host, 4, { ...stubborn, label: 'running', priority: 5 });
    await host.submit(5, nap);
    await host.waitFor({ type: 'accepted', id: 5 });
    const ask = questionsTo(host);

    expect(await ask({ what: 'tasks' })).toMatchObject({
      tasks: [
        { id: 4, state: 'running', label: 'running', command: 'sh', priority: 5, executionId: expect.any(String) },
        { id: 5, state: 'queued', command: 'sleep', priority: 0 },
      ],
    });
    expect(await ask({ what: 'statistics' })).toMatchObject({
      completed: 3,
      byStatus: { success: 3, failure: 0, cancelled: 0 },
      throughputPerMinute: 3,
      runMs: { p50: expect.any(Number), max: expect.any(Number) },
    });
    expect(await ask({ what: 'health' })).toMatchObject({ active: 1, queued: 1, shuttingDown: false });
    const { queues } = (await ask({ what: 'queues' })) as { queues: { name: string }[] };
    const queue = (name: string) => queues.find((each) => each.name === name);
    expect(queue('schedulerQueue')).toMatchObject({ capacity: 100, depth: 1, unit: 'tasks', scope: 'sidecar' });
    expect(queue('activeTasks')).toMatchObject({ capacity: 1, depth: 1, fillPercent: 100 });
    expect(queue('timeoutMs')).toMatchObject({ scope: expect.stringContaining('-'), capacity: 30_000 });

    const [forgotten, kept] = [executionIds[0]!, executionIds[2]!];
    expect(await ask({ what: 'result', executionId: kept })).toMatchObject({ executionId: kept, label: 'task 3' });
    for (const executionId of [forgotten, 'unknown', '', 'x'.repeat(10_000)]) {
      const { error } = (await ask({ what: 'result', executionId })) as { error?: { kind: string; message: string } };
      expect(error).toMatchObject({ kind: 'validation', message: expect.stringContaining('executionId') });
      expect(error?.message.length).toBeLessThan(1_000);
    }
  });

  it('gives back whatever a ping holds, also on the id of the connection', async () => {
    await using host = await RawHost.spawn();
    const body = { nested: { list: [1, -1, 1.5, null, true, 'ü'], bytes: new Uint8Array([0, 255]) } };
    await host.send('ping', 0, body);
    await host.send('ping', 4_294_967_295, {});
    expect((await host.waitFor({ type: 'pong', id: 0 })).body).toEqual(body);
    expect((await host.waitFor({ type: 'pong', id: 4_294_967_295 })).body).toEqual({});
  });

  it('sends a signal to the group of a task, and to nobody else', async () => {
    await using host = await RawHost.spawn();
    const output = { mode: 'stream', onOverflow: 'kill' } as const;
    const script = 'trap "echo caught" USR1; echo ready; while :; do sleep 0.05; done';
    await host.submit(1, { command: 'sh', args: ['-c', script], output });
    await start(host, 2, { command: 'sleep', args: ['60'] });
    await host.waitFor(hasWritten(1, 'ready'));
    await host.send('signal', 1, { signal: 'SIGUSR1' });
    await host.waitFor(hasWritten(1, 'caught'));
    await host.send('signal', 1, { signal: 'SIGKILL' });
    expect(await host.resultOf(1)).toMatchObject({ status: 'failure', signal: 'SIGKILL', exitCode: null });
    expect(host.frames.some(({ type, id }) => type === 'result' && id === 2)).toBe(false);
  });

  it('leaves no descriptor behind, however many tasks it has run', async () => {
    await using host = await RawHost.spawn();
    const descriptors = () => readdirSync(`/proc/${host.pid}/fd`).length;
    const runTasks = async (from: number) => {
      for (let id = from; id < from + 20; id += 1) await host.submit(id, { command: 'cat', stdin: 'x' });
      for (let id = from; id < from + 20; id += 1) await host.resultOf(id);
      await sleep(100);
    };
    await runTasks(1);
    const before = descriptors();
    await runTasks(21);
    await runTasks(41);
    await waitFor(() => descriptors() <= before + 2, `no more than ${before} descriptors`);
  });
});

function questionsTo(host: RawHost): (query: object) => Promise<Record<string, unknown>> {
  let id = 1_000;
  return async (query) => {
    id += 1;
    await host.send('query', id, query);
    return (await host.waitFor({ type: 'reply', id })).body;
  };
}

function hasWritten(id: number, text: string): (frame: RawHost['frames'][number]) => boolean {
  return (frame) =>
    frame.type === 'output' && frame.id === id && Buffer.from(frame.body.data).toString().includes(text);
}
