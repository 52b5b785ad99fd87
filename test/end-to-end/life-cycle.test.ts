import { describe, expect, it } from 'vitest';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { without } from '../support/requirements.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';
import { waitFor } from '../support/wait-for.js';
import { fillStdout } from './support/fill-stdout.js';
import { nap, start, stubborn } from './support/tasks.js';
import { Traces } from './support/traces.js';

useStrongestSandbox();

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
    await host.send('shutdown', 0, { mode: 'drain', deadlineMs: 3_000 });
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
    const pid = await fillStdout(host);
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

/** The status of the one result of each. */
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
