import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type QueueSnapshot } from '../../protocol/index.js';
import { RawHost } from '../support/raw-host.js';
import { sha256, streamOf } from './support/streams.js';
import { disorderIn, tellStories } from './support/task-story.js';

describe('a host that stops reading', () => {
  it('finds everything, in order, when it reads again', { timeout: 120_000 }, async () => {
    await using host = await RawHost.spawn({ config: { maxConcurrentTasks: 6 } });
    const content = randomBytes(4_000_000);
    const ids = [1, 2, 3];
    for (const id of ids) {
      const files = [{ path: 'in', data: content }];
      await host.submit(id, {
        command: 'sh',
        args: ['-c', 'read -r _; cat in'],
        stdin: { stream: true },
        files,
        output: { mode: 'stream', onOverflow: 'kill' },
      });
      await host.send('window', id, { outputBytes: 2 ** 40 });
      await host.waitFor({ type: 'started', id });
    }
    host.pauseReading();
    for (const id of ids) await host.send('stdin', id, { data: Buffer.from('go\n'), end: true });
    for (let id = 10; id < 40; id += 1) await host.submit(id, { command: 'echo', args: [String(id)] });
    await sleep(1_000);
    host.resumeReading();
    for (const id of ids) {
      expect(await host.resultOf(id)).toMatchObject({ status: 'success', stdoutBytes: content.byteLength });
      expect(sha256(streamOf(host, id, 'stdout'))).toBe(sha256(content));
    }
    for (let id = 10; id < 40; id += 1) {
      expect(Buffer.from((await host.resultOf(id)).stdout).toString()).toBe(`${id}\n`);
    }
    expect(tellStories(host.frames).stories.map(disorderIn).filter(Boolean)).toEqual([]);

    await host.send('query', 50, { what: 'queues' });
    const { queues } = (await host.waitFor({ type: 'reply', id: 50 })).body as { queues: QueueSnapshot[] };
    const outputQueue = queues.find(({ name }) => name === 'outputQueue');
    expect(outputQueue?.parkedCount).toBeGreaterThan(0);
    for (const { name, depth, capacity, waiters } of queues) {
      expect(depth, name).toBeLessThanOrEqual(capacity);
      expect(waiters, name).toBe(0);
    }
  });
});

describe('a host that ignores its window', () => {
  it('and writes 2,000 tasks before it reads anything is made to wait, and loses nothing', {
    timeout: 180_000,
  }, async () => {
    await using host = await RawHost.spawn();
    const count = 2_000;
    expect(host.ready.window.tasks).toBeLessThan(count);
    host.pauseReading();
    // Every tenth is a process of its own; the others are equal, so that one of them runs and answers for all.
    const isOwn = (id: number) => id % 10 === 0;
    const frames = Array.from({ length: count }, (_, index) => {
      const task = isOwn(index + 1) ? { command: 'true' } : { command: 'echo', args: ['same'], cache: true };
      return encodeFrame({ type: 'submit', id: index + 1, body: task });
    });
    const written = host.sendBytes(Buffer.concat(frames));
    await sleep(1_000);
    host.resumeReading();
    await written;
    for (let id = 1; id <= count; id += 1) {
      const { status, stdout } = await host.resultOf(id, 120_000);
      expect([status, Buffer.from(stdout).toString()], `task ${id}`).toEqual(['success', isOwn(id) ? '' : 'same\n']);
    }
    const { stories, rest } = tellStories(host.frames);
    expect(stories).toHaveLength(count);
    expect(rest).toEqual([]);
    expect(stories.map(disorderIn).filter(Boolean)).toEqual([]);
  });

  it('by the bytes of its submissions is made to wait, and loses nothing', async () => {
    await using host = await RawHost.spawn({ config: { taskWindowBytes: 100_000, maxConcurrentTasks: 2 } });
    const ids = Array.from({ length: 30 }, (_, index) => index + 1);
    const frames = ids.map((id) =>
      encodeFrame({ type: 'submit', id, body: { command: 'wc', args: ['-c'], stdin: new Uint8Array(90_000) } }),
    );
    await host.sendBytes(Buffer.concat(frames));
    for (const id of ids)
      expect(
        Buffer.from((await host.resultOf(id)).stdout)
          .toString()
          .trim(),
      ).toBe('90000');
  });

  it('by its questions is made to wait, and gets every answer', async () => {
    await using host = await RawHost.spawn();
    host.pauseReading();
    const ids = Array.from({ length: 1_000 }, (_, index) => index + 1);
    const written = host.sendBytes(
      Buffer.concat(ids.map((id) => encodeFrame({ type: 'query', id, body: { what: 'queues' } }))),
    );
    await sleep(300);
    host.resumeReading();
    await written;
    for (const id of ids) await host.waitFor({ type: 'reply', id });
    expect(host.frames.filter(({ type }) => type === 'reply')).toHaveLength(ids.length);
  });
});
