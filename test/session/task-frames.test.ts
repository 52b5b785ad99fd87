import { describe, expect, it } from 'vitest';
import type { UsageEvent } from '../../protocol/index.js';
import { TaskFrames } from '../../src/session/task-frames.js';
import { successfulResult } from '../executor/support/tasks.js';
import { isPending } from '../support/gate.js';
import { warningOf } from './support/frames.js';
import { blockWith, outboxOf, type TestOutbox } from './support/outboxes.js';

const ID = 7;
const USAGE: UsageEvent = {
  wallMs: 1,
  cpuMs: null,
  userMs: null,
  systemMs: null,
  memoryBytes: null,
  memoryPeakBytes: null,
  processes: null,
  processPeak: null,
};

function framesOf(test: TestOutbox, outputWindowBytes = 100): { frames: TaskFrames; answered: string[] } {
  const answered: string[] = [];
  const { outbox, registry } = test;
  const onAnswered = () => answered.push('answered');
  const frames = new TaskFrames({ id: ID, outbox, registry, outputWindowBytes, onAnswered });
  frames.identify('execution');
  return { frames, answered };
}

/** The stretches of output that have been sent. */
function stretches({ sink }: TestOutbox): [number, number][] {
  return sink.of('output').map(({ body }) => [body.offset, body.data.byteLength]);
}

describe('what happens to a task', () => {
  it('becomes frames of its id, in order', async () => {
    const test = outboxOf({}, { stalled: false });
    const { frames, answered } = framesOf(test);
    frames.onQueued(3);
    frames.onStarted({ pid: 5, queuedMs: 10 });
    await frames.onOutput('stderr', 0, Buffer.from('x'));
    await test.outbox.flushed();
    frames.onUsage(USAGE);
    frames.onStdinAllowed(500);
    await frames.onResult(successfulResult());
    await test.outbox.flushed();
    expect(test.sink.types).toEqual(['accepted', 'started', 'output', 'usage', 'window', 'result']);
    expect(new Set(test.sink.frames.map(({ id }) => id))).toEqual(new Set([ID]));
    expect(test.sink.frames[0]!.body).toEqual({ executionId: 'execution', position: 3 });
    expect(answered).toEqual(['answered']);
  });

  it('is not told any more after the result', async () => {
    const test = outboxOf();
    await blockWith(test);
    const { frames, answered } = framesOf(test);
    await frames.onResult(successfulResult());
    frames.warn(warningOf({ scope: 'execution' }));
    frames.onStdinAllowed(500);
    expect(answered).toEqual([]);
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.types.slice(1)).toEqual(['result']);
    expect(answered).toEqual(['answered']);
  });

  it('is told in its newest form where it may be replaced', async () => {
    const test = outboxOf();
    await blockWith(test);
    const { frames } = framesOf(test);
    for (let wallMs = 1; wallMs <= 5; wallMs += 1) frames.onUsage({ ...USAGE, wallMs });
    for (const total of [100, 200, 300]) frames.onStdinAllowed(total);
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.of('usage').map(({ body }) => body.wallMs)).toEqual([5]);
    expect(test.sink.of('window').map(({ body }) => body.stdinBytes)).toEqual([300]);
  });
});

describe('output beyond the credit', () => {
  it('is cut into what is allowed, and the rest follows', async () => {
    const test = outboxOf({}, { stalled: false });
    const { frames } = framesOf(test);
    const sending = Promise.resolve(frames.onOutput('stdout', 1_000, new Uint8Array(250)));
    expect(await isPending(sending)).toBe(true);
    expect(stretches(test)).toEqual([[1_000, 100]]);
    frames.allowOutput(101);
    expect(await isPending(sending)).toBe(true);
    frames.allowOutput(250);
    await sending;
    await test.outbox.flushed();
    expect(stretches(test)).toEqual([
      [1_000, 100],
      [1_100, 1],
      [1_101, 149],
    ]);
  });

  it('of both streams together never exceeds it', async () => {
    const test = outboxOf({}, { stalled: false });
    const { frames } = framesOf(test);
    const sending = [
      Promise.resolve(frames.onOutput('stdout', 0, new Uint8Array(80))),
      Promise.resolve(frames.onOutput('stderr', 0, new Uint8Array(80))),
    ];
    expect(await isPending(sending[1]!)).toBe(true);
    expect(stretches(test).reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(100);
    frames.allowOutput(160);
    await Promise.all(sending);
    await test.outbox.flushed();
    expect(stretches(test).reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(160);
  });

  it('is dropped where it is abandoned', async () => {
    const test = outboxOf({}, { stalled: false });
    const { frames } = framesOf(test);
    const sending = Promise.resolve(frames.onOutput('stdout', 0, new Uint8Array(250)));
    expect(await isPending(sending)).toBe(true);
    frames.onOutputAbandoned();
    await sending;
    await test.outbox.flushed();
    expect(stretches(test)).toEqual([[0, 100]]);
  });

  it('needs none where there is nobody to give it', async () => {
    const test = outboxOf({}, { stalled: false });
    const { frames } = framesOf(test);
    const sending = Promise.resolve(frames.onOutput('stdout', 0, new Uint8Array(250)));
    frames.liftCredit();
    await sending;
    await test.outbox.flushed();
    expect(stretches(test).reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(250);
  });
});
