import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawHost } from '../support/raw-host.js';
import { disorderIn, tellStories } from './support/task-story.js';

const QUEUE_SIZE = 6;
const WORKERS = 2;

describe('a submitted batch', () => {
  let host: RawHost;
  beforeAll(async () => {
    host = await RawHost.spawn({ config: { queueSize: QUEUE_SIZE, maxConcurrentTasks: WORKERS } });
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const statusesOf = (ids: readonly number[]) => Promise.all(ids.map(async (id) => (await host.resultOf(id)).status));
  const echoes = (ids: readonly number[]) => ids.map((id) => [id, { command: 'echo', args: [String(id)] }]);

  it('of as many tasks as can run and wait together is accepted whole', async () => {
    const ids = [1, 2, 3, 4, 5, 6, 7, 8];
    await host.send('submitBatch', 0, { tasks: echoes(ids) });
    expect(await statusesOf(ids)).toEqual(Array(8).fill('success'));
    expect(Buffer.from((await host.resultOf(8)).stdout).toString()).toBe('8\n');
  });

  it('with a wrong task is refused whole, and each result tells which one it was', async () => {
    const tasks = [...echoes([11, 12]), [13, { command: 'echo', limits: { timeoutMs: 0 } }]];
    await host.send('submitBatch', 0, { tasks });
    expect(await statusesOf([11, 12, 13])).toEqual(Array(3).fill('notExecuted'));
    for (const id of [11, 12]) {
      expect((await host.resultOf(id)).error).toMatchObject({
        kind: 'validation',
        message: expect.stringMatching(/tasks\[2\].*limits\.timeoutMs/),
      });
    }
    expect(host.frames.filter(({ type, id }) => type === 'accepted' && id > 10 && id < 20)).toEqual([]);
  });

  it('of more tasks than can ever be held at once is refused whole', async () => {
    const ids = Array.from({ length: QUEUE_SIZE + WORKERS + 1 }, (_, index) => 21 + index);
    await host.send('submitBatch', 0, { tasks: echoes(ids) });
    expect(await statusesOf(ids)).toEqual(ids.map(() => 'notExecuted'));
    const { error } = await host.resultOf(21);
    expect(error).toMatchObject({ kind: 'resource', message: expect.stringContaining('queueSize') });
  });

  it('waits until all of it fits, and is then accepted at a stroke', async () => {
    const sleepers = [41, 42, 43, 44, 45];
    for (const id of sleepers) await host.submit(id, { command: 'sleep', args: ['0.4'] });
    const ids = [51, 52, 53, 54, 55, 56];
    await host.send('submitBatch', 0, { tasks: echoes(ids) });
    expect(await statusesOf([...sleepers, ...ids])).toEqual(Array(11).fill('success'));
    const order = host.frames.flatMap(({ type, id }) => (type === 'accepted' && id > 50 ? [id] : []));
    expect(order).toEqual(ids);
    const accepted = host.frames.findIndex(({ type, id }) => type === 'accepted' && id === 51);
    const ended = host.frames.slice(0, accepted).filter(({ type, id }) => type === 'result' && id > 40);
    // Five sleepers leave three in the queue: six more have room when these have left it.
    expect(ended.length).toBeGreaterThanOrEqual(3);
  });

  it('of no tasks is answered by nothing', async () => {
    const before = host.frames.length;
    await host.send('submitBatch', 0, { tasks: [] });
    await host.send('ping', 60, {});
    await host.waitFor({ type: 'pong', id: 60 });
    expect(
      host.frames
        .slice(before)
        .filter(({ type }) => type !== 'limitWarning')
        .map(({ type }) => type),
    ).toEqual(['pong']);
  });

  it('keeps the order of the frames of each task', () => {
    expect(tellStories(host.frames).stories.map(disorderIn).filter(Boolean)).toEqual([]);
  });
});
