import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../protocol/index.js';
import { FramePump } from '../../src/session/frame-pump.js';
import { QueueRegistry } from '../../src/tracking/index.js';
import { isPending } from '../support/gate.js';
import { pong, replyFrame } from './support/frames.js';
import { TestSink } from './support/sink.js';

const LINK = { name: 'pump → host', scope: 'sidecar', slow: () => 'the host' };

/** A pump on a plain array of frames. */
function pumpOf(options: { stalled?: boolean } = {}) {
  const waiting: Uint8Array[] = [];
  const used: Uint8Array[] = [];
  const sink = new TestSink(options);
  const parks = new QueueRegistry().watch({ ...LINK, reading: () => ({ observed: 0, capacity: 1, unit: 'items' }) });
  return {
    pump: new FramePump(
      {
        take: () => waiting.shift() ?? null,
        copyOf: (bytes) => bytes.slice(),
        giveBack: (written) => used.push(written),
      },
      sink,
      parks,
    ),
    parks,
    sink,
    used,
    waiting,
  };
}

describe('the frame pump', () => {
  it('writes what comes in one tick at once, in order', async () => {
    const { pump, sink, waiting } = pumpOf();
    for (let id = 1; id <= 100; id += 1) {
      waiting.push(encodeFrame(pong(id)));
      pump.wake();
    }
    await pump.flushed();
    expect(sink.frames.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    expect(sink.writes).toHaveLength(1);
  });

  it('takes no more out of the queue than one write while the host does not read', async () => {
    const { pump, sink, waiting } = pumpOf({ stalled: true });
    for (let id = 1; id <= 20; id += 1) waiting.push(encodeFrame(replyFrame(id, 50_000)));
    pump.wake();
    expect(await isPending(pump.flushed())).toBe(true);
    expect(sink.writes).toHaveLength(1);
    expect(sink.writes[0]).toBeLessThan(250_000);
    expect(waiting.length).toBeGreaterThan(15);
    sink.resume();
    await pump.flushed();
    expect(sink.frames).toHaveLength(20);
  });

  it('goes on with what comes while it waits', async () => {
    const { pump, sink, waiting } = pumpOf({ stalled: true });
    waiting.push(encodeFrame(pong(1)));
    pump.wake();
    await isPending(pump.flushed());
    waiting.push(encodeFrame(pong(2)));
    pump.wake();
    sink.resume();
    await pump.flushed();
    expect(sink.frames.map(({ id }) => id)).toEqual([1, 2]);
  });

  it('starts again after it had nothing to do', async () => {
    const { pump, sink, waiting } = pumpOf();
    await pump.flushed();
    for (const id of [1, 2]) {
      waiting.push(encodeFrame(pong(id)));
      pump.wake();
      await pump.flushed();
    }
    expect(sink.writes).toHaveLength(2);
  });

  it('empties the queue into nothing when the host is gone', async () => {
    const { pump, sink, waiting } = pumpOf({ stalled: true });
    for (let id = 1; id <= 20; id += 1) waiting.push(encodeFrame(replyFrame(id, 50_000)));
    pump.wake();
    sink.vanish();
    await pump.flushed();
    expect(waiting).toEqual([]);
  });

  it('gives back what it has written once that has left the process, and not before', async () => {
    const { pump, sink, used, waiting } = pumpOf({ stalled: true });
    const frames = [encodeFrame(replyFrame(1, 50_000)), encodeFrame(replyFrame(2, 60_000))];
    waiting.push(...frames);
    pump.wake();
    expect(await isPending(pump.flushed())).toBe(true);
    expect(used).toEqual([]);
    sink.resume();
    await pump.flushed();
    expect(used).toEqual(frames);
  });

  it('writes a frame at once where nothing waits, and does not look at it afterwards', async () => {
    const { pump, sink } = pumpOf();
    const frame = encodeFrame(replyFrame(1, 50_000));
    expect(pump.writeNow(frame)).toBe(true);
    frame.fill(0);
    expect(sink.frames.map(({ id }) => id)).toEqual([1]);
    await pump.flushed();
  });

  it('writes no frame past those that wait', async () => {
    const { pump, sink, waiting } = pumpOf();
    waiting.push(encodeFrame(pong(1)));
    pump.wake();
    expect(pump.writeNow(encodeFrame(pong(2)))).toBe(false);
    await pump.flushed();
    expect(sink.frames.map(({ id }) => id)).toEqual([1]);
  });

  it('waits for room after a frame that has found too little of it', async () => {
    const { pump, sink, waiting } = pumpOf({ stalled: true });
    expect(pump.writeNow(encodeFrame(replyFrame(1, 50_000)))).toBe(true);
    expect(pump.writeNow(encodeFrame(replyFrame(2, 50_000)))).toBe(false);
    waiting.push(encodeFrame(pong(3)));
    pump.wake();
    expect(await isPending(pump.flushed())).toBe(true);
    expect(sink.frames.map(({ id }) => id)).toEqual([1]);
    sink.resume();
    await pump.flushed();
    expect(sink.frames.map(({ id }) => id)).toEqual([1, 3]);
  });
});
