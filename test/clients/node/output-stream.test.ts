import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { type OutputChunk, OutputStream } from '../../../clients/node/output-stream.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { resultBody, type Step } from '../../support/fake-sidecar/index.js';

describe('an output stream', () => {
  it('gives the chunks in their order, then ends', async () => {
    const { stream } = newStream(100);
    stream.push(chunk('stdout', 0, 3));
    stream.push(chunk('stderr', 0, 2));
    stream.push(chunk('stdout', 3, 1));
    stream.end();
    expect(await collect(stream)).toEqual([chunk('stdout', 0, 3), chunk('stderr', 0, 2), chunk('stdout', 3, 1)]);
  });

  it('gives what waits before it throws what ended it', async () => {
    const { stream } = newStream(100);
    stream.push(chunk('stdout', 0, 3));
    stream.end({ error: new Error('lost') });
    const iterator = stream[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: chunk('stdout', 0, 3) });
    await expect(iterator.next()).rejects.toThrow('lost');
  });

  it('allows nothing more while nobody takes', () => {
    const { stream, allowed } = newStream(10);
    stream.push(chunk('stdout', 0, 10));
    expect(allowed).toEqual([]);
  });

  it('refuses a byte beyond what it has allowed', () => {
    const { stream } = newStream(10);
    stream.push(chunk('stdout', 0, 10));
    expect(() => stream.push(chunk('stdout', 10, 1))).toThrow(expect.objectContaining({ code: 'window_overrun' }));
  });

  it('discards the rest and goes on allowing when the consumer breaks off', async () => {
    const { stream, allowed } = newStream(10);
    stream.push(chunk('stdout', 0, 4));
    stream.push(chunk('stdout', 4, 4));
    for await (const _chunk of stream) break;
    expect(allowed).toEqual([14, 18]);
    stream.push(chunk('stdout', 8, 10));
    expect(allowed).toEqual([14, 18, 28]);
    expect(await collect(stream)).toEqual([]);
  });

  it('serves those who ask before there is anything, in their order', async () => {
    const { stream } = newStream(100);
    const iterator = stream[Symbol.asyncIterator]();
    const asked = [iterator.next(), iterator.next(), iterator.next()];
    stream.push(chunk('stdout', 0, 1));
    stream.push(chunk('stdout', 1, 1));
    stream.end();
    expect(await Promise.all(asked)).toEqual([
      { done: false, value: chunk('stdout', 0, 1) },
      { done: false, value: chunk('stdout', 1, 1) },
      { done: true, value: undefined },
    ]);
  });

  it('loses nothing, never stops a sender for good, and never holds more than four windows', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        sizes,
        fc.infiniteStream(fc.boolean()),
        async (window, parts, turns) => {
          const { stream, allowed } = newStream(window);
          const iterator = stream[Symbol.asyncIterator]();
          let waiting = parts.reduce((total, part) => total + part, 0);
          let sent = 0;
          let taken = 0;
          while (waiting > 0 || taken < sent) {
            const credit = (allowed.at(-1) ?? window) - sent;
            const mayTake = taken < sent;
            if (credit > 0 && waiting > 0 && (!mayTake || turns.next().value)) {
              const size = Math.min(credit, waiting, 12);
              stream.push(chunk('stdout', sent, size));
              sent += size;
              waiting -= size;
            } else {
              expect(mayTake).toBe(true);
              const { value } = await iterator.next();
              expect(value?.offset).toBe(taken);
              taken += value?.data.byteLength ?? 0;
            }
            expect(sent - taken).toBeLessThanOrEqual(4 * window);
          }
        },
      ),
    );
  });
});

describe('the window of an output stream', () => {
  const take = async (stream: OutputStream, sent: number, size: number) => {
    stream.push(chunk('stdout', sent, size));
    await stream[Symbol.asyncIterator]().next();
  };

  it('is enlarged up to four times for a consumer that takes chunks as they come', async () => {
    const { stream, allowed } = newStream(100);
    for (let sent = 0; sent < 2_000; sent += 100) await take(stream, sent, 100);
    const ahead = allowed.map((bytes) => bytes % 100 === 0 && bytes);
    expect(ahead[0]).toBe(300);
    expect(allowed.at(-1)! - 2_000).toBeLessThanOrEqual(400);
    expect(allowed.at(-1)! - 2_000).toBeGreaterThan(200);
    expect(allowed.length).toBeLessThan(14);
  });

  it('is what it was for one that has fallen a window behind', async () => {
    const { stream, allowed } = newStream(100);
    for (let sent = 0; sent < 1_000; sent += 100) await take(stream, sent, 100);
    let sent = 1_000;
    for (; sent < allowed.at(-1)!; sent += 100) stream.push(chunk('stdout', sent, 100));
    const iterator = stream[Symbol.asyncIterator]();
    const before = allowed.length;
    for (let taken = 1_000; taken < sent; taken += 100) {
      await iterator.next();
      const waiting = sent - taken - 100;
      if (waiting >= 100) expect(allowed).toHaveLength(before);
    }
    expect(allowed.at(-1)! - sent).toBeGreaterThan(0);
  });

  it('is not enlarged for one that has broken off', async () => {
    const { stream, allowed } = newStream(100);
    await stream[Symbol.asyncIterator]().return?.();
    for (let sent = 0; sent < 1_000; sent += 100) stream.push(chunk('stdout', sent, 100));
    expect(allowed.at(-1)).toBe(1_100);
  });
});

describe('output that is lent', () => {
  const BYTES = 65_536;

  it('comes as it was sent, in few buffers, whatever becomes of the bytes that it was taken from', async () => {
    const { stream } = newStream(4 * BYTES);
    const received = new Uint8Array(4 * BYTES);
    const buffers = new Set<ArrayBufferLike>();
    const lent = stream.lent();
    for (let sent = 0; sent < 100; sent += 1) {
      const next = lent.next();
      const data = received.subarray((sent % 4) * BYTES, (sent % 4) * BYTES + BYTES).fill(sent);
      // The iterator asks for the chunk once it has given the last one back.
      if (sent % 3 > 0) await Promise.resolve();
      stream.push({ stream: 'stdout', offset: sent * BYTES, data });
      data.fill(0xff);
      const { value } = await next;
      expect([value?.offset, value?.data.every((byte) => byte === sent)]).toEqual([sent * BYTES, true]);
      buffers.add(value!.data.buffer);
    }
    stream.end();
    expect(await lent.next()).toMatchObject({ done: true });
    expect(buffers.size).toBeLessThan(4);
  });

  it('has bytes of its own where chunks are small', async () => {
    const { stream } = newStream(100);
    const buffers: ArrayBufferLike[] = [];
    stream.push(chunk('stdout', 0, 3));
    const lent = stream.lent();
    buffers.push((await lent.next()).value!.data.buffer);
    stream.push(chunk('stdout', 3, 4));
    buffers.push((await lent.next()).value!.data.buffer);
    expect(buffers.map(({ byteLength }) => byteLength)).toEqual([3, 4]);
  });

  it('is discarded where the consumer breaks off, and throws what ended it', async () => {
    const { stream, allowed } = newStream(10);
    stream.push(chunk('stdout', 0, 10));
    for await (const _chunk of stream.lent()) break;
    stream.push(chunk('stdout', 10, 10));
    expect(allowed.at(-1)).toBeGreaterThan(20);
    const { stream: broken } = newStream(10);
    broken.end({ error: new Error('lost') });
    await expect(broken.lent().next()).rejects.toThrow('lost');
  });
});

describe('the output of a task', () => {
  const script = useFakeSidecar();
  const output = (offset: number, size: number): Step => ({
    send: 'output',
    id: 'task',
    body: { stream: 'stdout', offset, data: new Uint8Array(size).fill(0x61) },
  });

  it('flows as the consumer takes it, and the credit goes back', async () => {
    await using sidecar = await Sidecar.spawn(
      script(
        { open: { ready: { window: { outputBytes: 1_000 } } } },
        { expect: 'submit', as: 'task' },
        output(0, 600),
        output(600, 400),
        { expect: 'window' },
        output(1_000, 600),
        { send: 'result', id: 'task', body: resultBody() },
        { serve: {} },
      ),
    );
    const task = sidecar.submit({ command: 'yes', output: { mode: 'stream' } });
    const offsets: number[] = [];
    for await (const { offset } of task) offsets.push(offset);
    expect(offsets).toEqual([0, 600, 1_000]);
    expect(await task.result).toMatchObject({ status: 'success' });
  });

  it('holds back only its own task when nobody takes it', async () => {
    await using sidecar = await Sidecar.spawn(
      script(
        { open: { ready: { window: { outputBytes: 1_000 } } } },
        { expect: 'submit', as: 'task' },
        output(0, 1_000),
        { expect: 'submit', as: 'other' },
        { send: 'result', id: 'other', body: resultBody({ stdout: 'not held' }) },
        { expect: 'window' },
        { send: 'result', id: 'task', body: resultBody() },
        { serve: {} },
      ),
    );
    const task = sidecar.submit({ command: 'yes', output: { mode: 'stream' } });
    expect(await sidecar.run('echo')).toMatchObject({ stdout: 'not held' });
    expect(await Promise.race([task.result, new Promise((resolve) => setTimeout(resolve, 50, 'held'))])).toBe('held');
    for await (const { data } of task.output) expect(data.byteLength).toBe(1_000);
    expect(await task.result).toMatchObject({ status: 'success' });
  });

  it('that overruns its window costs the sidecar its session', async () => {
    const sidecar = await Sidecar.spawn(
      script(
        { open: { ready: { window: { outputBytes: 1_000 } } } },
        { expect: 'submit', as: 'task' },
        { repeat: 1_000, steps: [output(0, 65_536)] },
      ),
    );
    const task = sidecar.submit({ command: 'yes', output: { mode: 'stream' } });
    await expect(collect(task.output)).rejects.toMatchObject({ code: 'sidecar_fault', protocolCode: 'window_overrun' });
    await expect(task.result).rejects.toMatchObject({ code: 'sidecar_fault' });
  });

  it('that nobody asked for costs the sidecar its session', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }, { expect: 'submit', as: 'task' }, output(0, 1)));
    await expect(sidecar.run('yes')).rejects.toMatchObject({ code: 'sidecar_fault', protocolCode: 'unexpected_frame' });
  });
});

function newStream(windowBytes: number): { stream: OutputStream; allowed: number[] } {
  const allowed: number[] = [];
  const stream = new OutputStream((bytes) => allowed.push(bytes));
  stream.open(windowBytes);
  return { stream, allowed };
}

function chunk(stream: 'stdout' | 'stderr', offset: number, size: number): OutputChunk {
  return { stream, offset, data: new Uint8Array(size) };
}

async function collect(stream: AsyncIterable<OutputChunk>): Promise<OutputChunk[]> {
  const chunks: OutputChunk[] = [];
  for await (const part of stream) chunks.push(part);
  return chunks;
}
