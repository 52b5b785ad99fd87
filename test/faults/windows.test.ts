import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../protocol/index.js';
import { fillStdout } from '../end-to-end/support/fill-stdout.js';
import { lastWord } from '../end-to-end/support/last-word.js';
import { misdeeds } from '../end-to-end/support/misdeeds.js';
import { start } from '../end-to-end/support/tasks.js';
import { RawHost } from '../support/raw-host.js';
import { isLong } from './support/length.js';

const config = { sandbox: 'process' };
const sleeper = { command: 'sleep', args: ['60'] };

/** How many tasks a host writes that ignores its window. */
const TASKS = isLong ? 2_000 : 250;

/** How long an answer may take although the window is full, in ms. */
const ANSWER_MS = isLong ? 100 : 3_000;

describe.each(['sockets', 'fifos'] as const)('over %s a host', (transport) => {
  it(`may write ${TASKS} tasks before it reads anything, and all of them succeed`, { timeout: 180_000 }, async () => {
    await using host = await RawHost.spawn({ config, transport });
    host.pauseReading();
    const frames = Array.from({ length: TASKS }, (_, index) =>
      encodeFrame({ type: 'submit', id: index + 1, body: { command: 'true' } }),
    );
    const written = host.sendBytes(Buffer.concat(frames));
    await sleep(1_000);
    host.resumeReading();
    await written;
    for (let id = 1; id <= TASKS; id += 1) {
      expect((await host.resultOf(id, 150_000)).status, `task ${id}`).toBe('success');
    }
  });

  it('with a full window has its cancels, pings and queries answered at once', async () => {
    await using host = await RawHost.spawn({ config, transport });
    const { tasks } = host.ready.window;
    for (let id = 1; id <= tasks; id += 1) await host.submit(id, sleeper);
    await host.waitFor({ type: 'accepted', id: tasks });
    await host.waitFor({ type: 'started', id: 10 });
    const answers = [
      await answerMs(host, () => host.send('ping', 5_000, {}), { type: 'pong', id: 5_000 }),
      await answerMs(host, () => host.send('query', 5_001, { what: 'queues' }), { type: 'reply', id: 5_001 }),
      await answerMs(host, () => host.send('query', 5_002, { what: 'tasks' }), { type: 'reply', id: 5_002 }),
      await answerMs(host, () => host.send('cancel', tasks, {}), { type: 'result', id: tasks }),
      await answerMs(host, () => host.send('cancel', 1, {}), { type: 'result', id: 1 }),
    ];
    console.info({ transport, answers: answers.map(Math.round) });
    expect(Math.max(...answers)).toBeLessThan(ANSWER_MS);
  });

  it('that has filled stdin, reads nothing and cancels finds everything settled when it reads again', async () => {
    await using host = await RawHost.spawn({ config, transport });
    await fillStdout(host);
    const ids = Array.from({ length: 20 }, (_, index) => index + 10);
    const written = ids.flatMap((id) => [
      host.submit(id, { command: 'sleep', args: ['60'], stdin: { stream: true } }),
      host.send('stdin', id, { data: new Uint8Array(host.ready.window.stdinBytes) }),
      host.send('query', id + 1_000, { what: 'queues' }),
    ]);
    written.push(...ids.map((id) => host.send('cancel', id, {})), host.send('cancel', 1, {}));
    // More questions than may be unanswered park the reader, and stdin fills behind them.
    for (let id = 2_000; id < 2_300; id += 1) written.push(host.send('ping', id, { pad: new Uint8Array(10_000) }));
    await sleep(1_000);
    host.resumeReading();
    await Promise.all(written);
    for (const id of [1, ...ids]) expect((await host.resultOf(id)).status).toBe('cancelled');
    for (const id of ids) await host.waitFor({ type: 'reply', id: id + 1_000 });
    for (let id = 2_000; id < 2_300; id += 1) await host.waitFor({ type: 'pong', id });
  });

  it('that writes and is read byte by byte loses nothing', async () => {
    await using host = await RawHost.spawn({ config, transport });
    host.readSlowly({ bytes: 1, restMs: 0 });
    for (const byte of encodeFrame({ type: 'submit', id: 1, body: { command: 'echo', args: ['hi'] } })) {
      await host.sendBytes(Uint8Array.of(byte));
    }
    const result = await host.resultOf(1);
    expect(Buffer.from(result.stdout).toString()).toBe('hi\n');
    host.resumeReading();
  });

  it('that does something wrong and does not read until later is told what it was', async () => {
    const overrun = misdeeds.find(({ code }) => code === 'window_overrun')!;
    await using host = await RawHost.spawn({ config, transport });
    await start(host, 1, sleeper);
    host.pauseReading();
    await host.sendBytes(overrun.bytes);
    await sleep(500);
    host.resumeReading();
    await lastWord(host, overrun);
  });
});

describe('equal tasks that may be answered from the cache', () => {
  it('all have their results where one runs at a time', async () => {
    await using host = await RawHost.spawn({ config: { ...config, maxConcurrentTasks: 1 } });
    const task = { command: 'sh', args: ['-c', 'sleep 0.3; echo once'], cache: true };
    for (const id of [1, 2, 3]) await host.submit(id, task);
    await host.submit(4, { command: 'true' });
    const results = await Promise.all([1, 2, 3, 4].map((id) => host.resultOf(id)));
    expect(results.map(({ status, cached }) => [status, cached])).toEqual([
      ['success', false],
      ['success', true],
      ['success', true],
      ['success', false],
    ]);
  });
});

/** How long it takes from asking to the answer, in ms. */
async function answerMs(
  host: RawHost,
  ask: () => Promise<void>,
  answer: { readonly type: 'pong' | 'reply' | 'result'; readonly id: number },
): Promise<number> {
  const askedAt = performance.now();
  await ask();
  return (await host.waitFor(answer)).at - askedAt;
}
