import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../protocol/index.js';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { without } from '../support/requirements.js';
import { waitFor } from '../support/wait-for.js';
import { Traces } from './support/traces.js';

/** A task that ignores what can be ignored, with a child in its group and one that has left it. */
const stubborn: Task = {
  command: 'sh',
  args: ['-c', 'trap "" TERM INT HUP; sleep 60 & setsid sleep 60 & while :; do sleep 1; done'],
};
const nap: Task = { command: 'sleep', args: ['0.5'] };

describe.concurrent('a sidecar', () => {
  it('at the end of stdin kills everything, says so, and exits with 0', async () => {
    await using host = await RawHost.spawn({ config: { maxConcurrentTasks: 2 } });
    const pids = [await start(host, 1, stubborn), await start(host, 2, stubborn)];
    await host.submit(3, nap);
    await host.waitFor({ type: 'accepted', id: 3 });
    host.closeStdin();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(statuses(host, [1, 2, 3])).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expectBye(host, { reason: 'end of stdin', completed: 0, cancelled: 3, leaked: 0 });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it.each([{ flags: ['--on-eof', 'drain'] }, { config: { onEof: 'drain' } }])(
    'with %j finishes at the end of stdin what was submitted, streamed output too',
    async (options) => {
      await using host = await RawHost.spawn({ ...options, env: { EXEC_SIDECAR_MAX_CONCURRENT_TASKS: '1' } });
      await host.submit(1, nap);
      await host.submit(2, { command: 'cat', stdin: { stream: true } });
      await host.send('stdin', 2, { data: Buffer.from('unfinished') });
      const output = { mode: 'stream', onOverflow: 'kill' } as const;
      await host.submit(3, { command: 'head', args: ['-c', '600000', '/dev/zero'], output });
      host.closeStdin();
      expect(await host.exit).toEqual({ code: 0, signal: null });
      expect(statuses(host, [1, 2, 3])).toEqual(['success', 'success', 'success']);
      const streamed = host.frames.flatMap((frame) => (frame.type === 'output' ? [frame.body.data.byteLength] : []));
      expect(streamed.reduce((sum, bytes) => sum + bytes, 0)).toBe(600_000);
      expectBye(host, { reason: 'end of stdin', completed: 3, cancelled: 0, leaked: 0 });
    },
  );

  it('told to drain finishes what was submitted, refuses what comes later, and says goodbye', async () => {
    await using host = await RawHost.spawn({ config: { maxConcurrentTasks: 1 } });
    for (const id of [1, 2, 3]) await host.submit(id, { command: 'sh', args: ['-c', `sleep 0.2; exit ${id - 1}`] });
    await host.send('shutdown', 0, { mode: 'drain' });
    await host.submit(4, { command: 'true' });
    await host.send('query', 5, { what: 'health' });
    expect((await host.waitFor({ type: 'reply', id: 5 })).body).toMatchObject({ shuttingDown: true });
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(statuses(host, [1, 2, 3, 4])).toEqual(['success', 'failure', 'failure', 'notExecuted']);
    expect((await host.resultOf(4)).error?.message).toContain('shutting down');
    expectBye(host, { reason: 'shutdown drain', completed: 4, cancelled: 0, leaked: 0 });
  });

  it('told to drain by a deadline cancels what ignores it', async () => {
    await using host = await RawHost.spawn();
    const pid = await start(host, 1, stubborn);
    await host.submit(2, nap);
    await host.send('shutdown', 0, { mode: 'drain', deadlineMs: 1_500 });
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(statuses(host, [1, 2])).toEqual(['cancelled', 'success']);
    expectBye(host, { reason: 'shutdown drain', completed: 1, cancelled: 1, leaked: 0 });
    expect(isAlive(pid)).toBe(false);
  });

  it('told to end now cancels everything, also where it was draining', async () => {
    await using host = await RawHost.spawn({ config: { maxConcurrentTasks: 1 } });
    await start(host, 1, stubborn);
    await host.submit(2, nap);
    await host.send('shutdown', 0, { mode: 'drain' });
    await host.send('ping', 3, {});
    await host.waitFor({ type: 'pong', id: 3 });
    expect(host.frames.some(({ type }) => type === 'result')).toBe(false);
    await host.send('shutdown', 0, { mode: 'now' });
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(statuses(host, [1, 2])).toEqual(['cancelled', 'cancelled']);
    expectBye(host, { reason: 'shutdown drain', completed: 0, cancelled: 2, leaked: 0 });
  });

  it('without a host that says anything ends with its stdin', async () => {
    await using host = await RawHost.spawn({ autoInit: false });
    await host.waitFor({ type: 'hello' });
    host.closeStdin();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(host.frames.map(({ type }) => type)).toEqual(['hello']);
  });

  it('that drains cancels what is left at SIGTERM', async () => {
    await using host = await RawHost.spawn();
    const pid = await start(host, 1, stubborn);
    await host.send('shutdown', 0, { mode: 'drain' });
    await host.send('ping', 3, {});
    await host.waitFor({ type: 'pong', id: 3 });
    host.kill('SIGTERM');
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(statuses(host, [1])).toEqual(['cancelled']);
    expectBye(host, { reason: 'shutdown drain', completed: 0, cancelled: 1, leaked: 0 });
    expect(isAlive(pid)).toBe(false);
  });

  it('ends with 143 at SIGTERM before init and after it', async () => {
    await using unopened = await RawHost.spawn({ autoInit: false });
    await unopened.waitFor({ type: 'hello' });
    await using open = await RawHost.spawn();
    const pid = await start(open, 1, stubborn);
    for (const host of [unopened, open]) {
      host.kill('SIGTERM');
      expect(await host.exit).toEqual({ code: 143, signal: null });
    }
    expect(statuses(open, [1])).toEqual(['cancelled']);
    expectBye(open, { reason: 'SIGTERM', completed: 0, cancelled: 1, leaked: 0 });
    expect(isAlive(pid)).toBe(false);
  });

  it('ignores SIGINT, which is for its host to hear', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, nap);
    await host.waitFor({ type: 'started', id: 1 });
    host.kill('SIGINT');
    host.kill('SIGINT');
    expect(await host.resultOf(1)).toMatchObject({ status: 'success' });
    await host.send('ping', 2, {});
    await host.waitFor({ type: 'pong', id: 2 });
  });

  it('whose host has closed its stdout kills everything and exits with 0', async () => {
    await using host = await RawHost.spawn({ heartbeatMs: 100 });
    const pid = await start(host, 1, stubborn);
    host.closeStdout();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(isAlive(pid)).toBe(false);
    expect(host.stderr).toBe('');
  });

  it('ends although its host, which has left, never reads what is left to say', async () => {
    await using host = await RawHost.spawn();
    const output = { mode: 'stream', onOverflow: 'kill' } as const;
    const pid = await start(host, 1, { command: 'yes', limits: { outputBytes: 2 ** 40 }, output });
    await host.send('window', 1, { outputBytes: 2 ** 40 });
    await host.waitFor({ type: 'output', id: 1 });
    host.pauseReading();
    await sleep(300);
    host.closeStdin();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(isAlive(pid)).toBe(false);
  });

  it('writes nothing but frames to stdout, whatever is printed in its process', async () => {
    const noise =
      'setTimeout(() => setInterval(() => { console.log("noise"); process.stdout.write("noise"); }, 5), 100)';
    const preload = `--import=data:text/javascript,${encodeURIComponent(noise)}`;
    await using host = await RawHost.spawn({ env: { NODE_OPTIONS: preload } });
    await waitFor(() => host.stderr.includes('noise'), 'noise on stderr');
    await host.submit(1, { command: 'sh', args: ['-c', 'sleep 0.3; echo hi'] });
    expect(await host.resultOf(1)).toMatchObject({ status: 'success', stdoutBytes: 3 });
    await host.send('shutdown', 0, { mode: 'drain' });
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(host.frames.at(-1)?.type).toBe('bye');
  });

  it('does not mind that nobody reads its log', async () => {
    await using host = await RawHost.spawn({ flags: ['--log-level', 'trace'] });
    host.pauseReadingLog();
    for (let id = 1; id <= 5; id += 1) {
      await host.submit(id, { command: 'yes', limits: { outputBytes: 1 } });
      expect(await host.resultOf(id)).toMatchObject({ status: 'outputLimitExceeded' });
    }
  });

  it.skipIf(without('setpriv'))('that is killed leaves nothing after a few seconds', async () => {
    await using traces = await Traces.create();
    const host = await RawHost.spawn({ traces });
    await start(host, 1, stubborn);
    await start(host, 2, { command: 'sh', args: ['-c', 'echo > kept; setsid sh -c "sleep 60; sleep 60" & sleep 60'] });
    await waitFor(async () => (await traces.processes()).length >= 8, 'all processes of the tasks');
    host.kill('SIGKILL');
    expect(await host.exit).toEqual({ code: null, signal: 'SIGKILL' });
    const killedAt = performance.now();
    await traces.vanish();
    expect(performance.now() - killedAt).toBeLessThan(8_000);
  });
});

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

async function start(host: RawHost, id: number, task: Task): Promise<number> {
  await host.submit(id, task);
  return (await host.waitFor({ type: 'started', id })).body.pid!;
}

function statuses(host: RawHost, ids: readonly number[]): (string | undefined)[] {
  return ids.map((id) => {
    const results = host.frames.flatMap((frame) => (frame.type === 'result' && frame.id === id ? [frame.body] : []));
    expect(results, `results of ${id}`).toHaveLength(1);
    return results[0]?.status;
  });
}

/** One goodbye, as the last frame. */
function expectBye(host: RawHost, body: object): void {
  expect(host.frames.filter(({ type }) => type === 'bye').map((frame) => frame.body)).toEqual([body]);
  expect(host.frames.at(-1)?.type).toBe('bye');
}

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
