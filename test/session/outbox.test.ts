import { describe, expect, it } from 'vitest';
import { newOutputBuffer } from '../../protocol/index.js';
import { isPending } from '../support/gate.js';
import { outputFrame, pong, replyFrame, warningOf } from './support/frames.js';
import { blockWith, outboxOf } from './support/outboxes.js';

describe('the outbox', () => {
  it('sends the frames of one tick in one write', async () => {
    const { outbox, sink } = outboxOf({}, { stalled: false });
    outbox.control(pong(1));
    outbox.control(pong(2));
    void outbox.output(3, outputFrame(3));
    await outbox.flushed();
    expect(sink.frames.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(sink.writes).toHaveLength(1);
  });

  it('writes nothing while the host does not read, and loses nothing', async () => {
    const test = outboxOf();
    await blockWith(test);
    for (let id = 1; id <= 10; id += 1) test.outbox.control(pong(id));
    expect(await isPending(test.outbox.flushed())).toBe(true);
    expect(test.sink.frames).toHaveLength(1);
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.frames.slice(1).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('lets control go first, then warnings, then what the tasks have to say', async () => {
    const test = outboxOf();
    await blockWith(test);
    void test.outbox.output(1, outputFrame(1));
    test.outbox.warning(0, warningOf());
    test.outbox.control(pong(2));
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.types.slice(1)).toEqual(['pong', 'limitWarning', 'output']);
  });

  it('keeps the order of each task, its result last, and lets the tasks take turns', async () => {
    const test = outboxOf();
    await blockWith(test);
    for (const offset of [0, 1, 2]) void test.outbox.output(1, outputFrame(1, 1, offset));
    void test.outbox.result(1, replyFrame(1), 10);
    void test.outbox.output(2, outputFrame(2));
    void test.outbox.result(2, replyFrame(2), 10);
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.frames.slice(1).map(({ id, type }) => `${type} ${id}`)).toEqual([
      'output 1',
      'output 2',
      'output 1',
      'reply 2',
      'output 1',
      'reply 1',
    ]);
    expect(test.sink.of('output').flatMap(({ id, body }) => (id === 1 ? [body.offset] : []))).toEqual([0, 1, 2]);
  });

  it('writes large output past its queue while nothing waits, and counts it there all the same', async () => {
    const test = outboxOf({}, { stalled: false });
    const data = newOutputBuffer(50_000).fill(7);
    const frame = { type: 'output', id: 1, body: { stream: 'stdout', offset: 0, data } } as const;
    expect(test.outbox.output(1, frame)).toBeUndefined();
    data.fill(0);
    expect(test.sink.of('output')[0]?.body.data).toEqual(new Uint8Array(50_000).fill(7));
    expect(test.gauge('outputQueue')).toMatchObject({ depth: 0, enqueued: 1, dequeued: 1 });
    test.outbox.control(pong(2));
    void test.outbox.output(1, { ...frame, body: { ...frame.body, offset: 50_000 } });
    await test.outbox.flushed();
    expect(test.sink.types).toEqual(['output', 'pong', 'output']);
  });

  it('copies output that has to wait', async () => {
    const test = outboxOf();
    await blockWith(test);
    const data = newOutputBuffer(50_000).fill(7);
    void test.outbox.output(1, { type: 'output', id: 1, body: { stream: 'stdout', offset: 0, data } });
    data.fill(0);
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.of('output')[0]?.body.data).toEqual(new Uint8Array(50_000).fill(7));
  });

  it('tells when a frame is on its way, and not before', async () => {
    const test = outboxOf();
    await blockWith(test);
    const taken: string[] = [];
    test.outbox.control(pong(1), () => taken.push('control'));
    void test.outbox.result(2, replyFrame(2), 10, () => taken.push('result'));
    expect(await isPending(test.outbox.flushed())).toBe(true);
    expect(taken).toEqual([]);
    test.sink.resume();
    await test.outbox.flushed();
    expect(taken).toEqual(['control', 'result']);
  });

  it('is done with flushing where the host is gone', async () => {
    const test = outboxOf();
    await blockWith(test);
    test.outbox.control(pong(1));
    test.sink.vanish();
    await test.outbox.flushed();
  });

  it('refuses a control frame that is too large, and takes no place for it', () => {
    const test = outboxOf({ maxFrameBytes: 1_000 });
    expect(() => test.outbox.control(replyFrame(1, 2_000))).toThrow(/maxFrameBytes/);
    expect(test.gauge('controlQueue').depth).toBe(0);
  });

  it('takes its limits out of the snapshot when it is disposed of', () => {
    const test = outboxOf();
    expect(test.registry.snapshot().map(({ name }) => name)).toEqual(['controlQueue', 'outputQueue', 'resultQueue']);
    test.outbox[Symbol.dispose]();
    expect(test.registry.snapshot()).toEqual([]);
  });
});

describe('warnings', () => {
  it('never wait behind the queue that they warn about', async () => {
    const test = outboxOf({ outputFrames: 8 });
    await blockWith(test);
    for (let id = 1; id <= 8; id += 1) void test.outbox.output(id, outputFrame(id));
    for (const warning of test.warnings) test.outbox.warning(0, warning);
    expect(test.warnings.map(({ limit }) => limit)).toContain('outputQueue');
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.types[1]).toBe('limitWarning');
  });

  it('are replaced by newer ones of the same scope, limit and kind, and by no others', async () => {
    const test = outboxOf();
    await blockWith(test);
    test.outbox.warning(0, warningOf({ seq: 1 }));
    test.outbox.warning(0, warningOf({ seq: 2, kind: 'recovered' }));
    test.outbox.warning(0, warningOf({ seq: 3 }));
    test.outbox.warning(7, warningOf({ seq: 4, scope: 'execution' }));
    test.outbox.warning(0, warningOf({ seq: 5, limit: 'activeTasks' }));
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.of('limitWarning').map(({ id, body }) => [id, body.seq])).toEqual([
      [0, 2],
      [0, 3],
      [7, 4],
      [0, 5],
    ]);
  });
});

describe('the control queue', () => {
  it('has no room left for those who can wait when only the reserved places are left', async () => {
    const test = outboxOf({ controlFrames: 10, reservedControlFrames: 4 });
    await blockWith(test);
    for (let id = 1; id <= 5; id += 1) test.outbox.control(pong(id));
    expect(test.outbox.controlRoom()).toBeUndefined();
    for (let id = 6; id <= 10; id += 1) test.outbox.control(pong(id));
    const room = test.outbox.controlRoom()!;
    expect(await isPending(room)).toBe(true);
    expect(test.gauge('controlQueue')).toMatchObject({ depth: 10, capacity: 10 });
    test.sink.resume();
    await room;
  });

  it('has none either when its frames weigh as much as the largest frame', async () => {
    const test = outboxOf({ maxFrameBytes: 10_000 });
    await blockWith(test);
    test.outbox.control(replyFrame(1, 6_000));
    expect(test.outbox.controlRoom()).toBeUndefined();
    test.outbox.control(replyFrame(2, 6_000));
    const room = test.outbox.controlRoom()!;
    expect(await isPending(room)).toBe(true);
    test.sink.resume();
    await room;
    expect(test.gauge('controlQueue')).toMatchObject({ depth: 0, depthBytes: 0 });
  });
});
