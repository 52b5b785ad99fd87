import { describe, expect, it } from 'vitest';
import { isPending } from '../support/gate.js';
import { outputFrame, pong, replyFrame } from './support/frames.js';
import { blockWith, outboxOf } from './support/outboxes.js';

describe('output', () => {
  it('waits for room, and takes it when the host has read', async () => {
    const test = outboxOf({ outputFrames: 8 });
    await blockWith(test);
    for (let id = 1; id <= 8; id += 1) expect(test.outbox.output(id, outputFrame(id))).toBeUndefined();
    const ninth = test.outbox.output(9, outputFrame(9))!;
    expect(await isPending(ninth)).toBe(true);
    expect(test.gauge('outputQueue')).toMatchObject({ depth: 8, waiters: 1 });
    test.sink.resume();
    await ninth;
    await test.outbox.flushed();
    expect(test.sink.of('output')).toHaveLength(9);
    expect(test.gauge('outputQueue')).toMatchObject({ depth: 0, depthBytes: 0, waiters: 0 });
  });

  it('of one task leaves places for the others', async () => {
    const test = outboxOf({ outputFrames: 8 });
    await blockWith(test);
    let waiting = 0;
    for (let offset = 0; offset < 8; offset += 1) {
      if (test.outbox.output(1, outputFrame(1, 1, offset)) !== undefined) waiting += 1;
    }
    expect(waiting).toBeGreaterThan(0);
    expect(await isPending(Promise.resolve(test.outbox.output(2, outputFrame(2))))).toBe(false);
  });

  it('waits for its bytes as well', async () => {
    const test = outboxOf({ outputBytes: 1_000 });
    await blockWith(test);
    expect(test.outbox.output(1, outputFrame(1, 900))).toBeUndefined();
    expect(await isPending(test.outbox.output(2, outputFrame(2, 200))!)).toBe(true);
  });
});

describe('results', () => {
  it('have places of their own, however much output waits', async () => {
    const test = outboxOf({ outputFrames: 8 });
    await blockWith(test);
    for (let id = 1; id <= 9; id += 1) void test.outbox.output(id, outputFrame(id));
    expect(await isPending(test.outbox.result(10, replyFrame(10), 10))).toBe(false);
  });

  it('wait for room in number and in bytes', async () => {
    const test = outboxOf({ results: 2, resultBytes: 1_000 });
    await blockWith(test);
    await test.outbox.result(1, replyFrame(1), 10);
    const heavy = test.outbox.result(2, replyFrame(2), 995);
    expect(await isPending(heavy)).toBe(true);
    test.sink.resume();
    await heavy;
    test.sink.stall();
    await blockWith(test);
    await test.outbox.result(3, replyFrame(3), 1);
    await test.outbox.result(4, replyFrame(4), 1);
    expect(await isPending(test.outbox.result(5, replyFrame(5), 1))).toBe(true);
    expect(test.gauge('resultQueue')).toMatchObject({ depth: 2, waiters: 1 });
  });

  it('heavier than the bound get through alone', async () => {
    const test = outboxOf({ resultBytes: 100 }, { stalled: false });
    await test.outbox.result(1, replyFrame(1), 5_000);
    await test.outbox.flushed();
    expect(test.sink.frames).toHaveLength(1);
  });
});

describe('lifting the bounds', () => {
  it('lets everybody in who waits, and nobody wait any more', async () => {
    const test = outboxOf({ outputFrames: 8, results: 1, controlFrames: 4, reservedControlFrames: 2 });
    await blockWith(test);
    const outputs = Array.from({ length: 12 }, (_, at) => test.outbox.output(at + 1, outputFrame(at + 1)));
    const results = [test.outbox.result(20, replyFrame(20), 1), test.outbox.result(21, replyFrame(21), 1)];
    for (let id = 30; id < 34; id += 1) test.outbox.control(pong(id));
    const room = test.outbox.controlRoom();
    test.outbox.liftBounds();
    await Promise.all([...outputs, ...results, room]);
    expect(test.outbox.output(40, outputFrame(40))).toBeUndefined();
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.of('output')).toHaveLength(13);
    expect(test.sink.of('reply')).toHaveLength(2);
  });
});

describe('sealing', () => {
  it('sends what waits and then the last frame, and takes nothing more', async () => {
    const test = outboxOf();
    await blockWith(test);
    void test.outbox.output(1, outputFrame(1));
    void test.outbox.result(1, replyFrame(1), 10);
    test.outbox.seal(pong(99), { dropWaiting: false });
    test.outbox.control(pong(5));
    void test.outbox.output(6, outputFrame(6));
    await test.outbox.result(7, replyFrame(7), 10);
    test.outbox.replaceable('late', pong(8));
    test.outbox.seal(pong(100), { dropWaiting: true });
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.frames.slice(1).map(({ type, id }) => `${type} ${id}`)).toEqual([
      'output 1',
      'reply 1',
      'pong 99',
    ]);
  });

  it('drops what waits where it is told to, so that the last frame comes at once', async () => {
    const test = outboxOf();
    await blockWith(test);
    test.outbox.control(pong(1));
    test.outbox.replaceable('usage', pong(2));
    void test.outbox.output(3, outputFrame(3));
    test.outbox.seal(pong(99), { dropWaiting: true });
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.frames.slice(1).map(({ id }) => id)).toEqual([99]);
  });

  it('frees those who wait for room, and drops what they bring', async () => {
    const test = outboxOf({ results: 1 });
    await blockWith(test);
    void test.outbox.result(1, replyFrame(1), 1);
    const waiting = test.outbox.result(2, replyFrame(2), 1);
    test.outbox.seal(pong(99), { dropWaiting: true });
    await waiting;
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.frames.slice(1).map(({ id }) => id)).toEqual([99]);
  });
});
