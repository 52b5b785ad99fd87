import { describe, expect, it } from 'vitest';
import { ReadAhead } from '../../src/session/index.js';
import { TestSource } from './support/frames.js';

const chunk = (bytes: number, fill = 0) => new Uint8Array(bytes).fill(fill);

async function takeAll(source: ReadAhead): Promise<Uint8Array[]> {
  const taken: Uint8Array[] = [];
  for await (const each of source) taken.push(each);
  return taken;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('reading ahead', () => {
  it('gives every chunk in order, and then the end', async () => {
    const source = new TestSource();
    const ahead = new ReadAhead(source, 2_000);
    const taken = takeAll(ahead);
    for (let fill = 0; fill < 20; fill += 1) source.write(chunk(300, fill));
    source.end();
    expect((await taken).map((each) => [each.byteLength, each[0]])).toEqual(
      Array.from({ length: 20 }, (_, fill) => [300, fill]),
    );
  });

  it('sees the end before anything has been taken', async () => {
    const source = new TestSource();
    const ahead = new ReadAhead(source);
    for (let fill = 0; fill < 20; fill += 1) source.write(chunk(300));
    source.end();
    await settled();
    expect(ahead.ended.aborted).toBe(true);
    expect(await takeAll(ahead)).toHaveLength(20);
  });

  it('stops at its bound, and goes on when something is taken', async () => {
    const source = new TestSource();
    const ahead = new ReadAhead(source, 10_000);
    for (let at = 0; at < 10; at += 1) source.write(chunk(4_000));
    await settled();
    expect(source.read).toBe(3);
    const chunks = ahead[Symbol.asyncIterator]();
    await chunks.next();
    await settled();
    expect(source.read).toBe(4);
    expect(ahead.ended.aborted).toBe(false);
  });

  it('counts what small chunks take beside their bytes', async () => {
    const source = new TestSource();
    const ahead = new ReadAhead(source, 10_000);
    for (let at = 0; at < 100; at += 1) source.write(chunk(1));
    await settled();
    expect(source.read).toBeLessThan(25);
    source.end();
    expect(await takeAll(ahead)).toHaveLength(100);
  });

  it('finds the end behind all that a pipe can hold when it is told to read on, and no more than that', async () => {
    const source = new TestSource();
    const ahead = new ReadAhead(source, 100_000);
    for (let at = 0; at < 17; at += 1) source.write(chunk(65_536));
    await settled();
    expect(source.read).toBe(2);
    ahead.readOn();
    await settled();
    expect(source.read).toBe(17);
    source.end();
    await settled();
    expect(ahead.ended.aborted).toBe(true);
    const endless = new TestSource();
    const bounded = new ReadAhead(endless, 100_000);
    for (let at = 0; at < 200; at += 1) endless.write(chunk(65_536));
    bounded.readOn();
    await settled();
    expect(endless.read).toBeLessThan(40);
  });

  it('fails as its source does, after the chunks before', async () => {
    const source = new TestSource();
    const ahead = new ReadAhead(source);
    source.write(chunk(1));
    await settled();
    source.fail(new Error('EIO'));
    await settled();
    const chunks = ahead[Symbol.asyncIterator]();
    expect(await chunks.next()).toMatchObject({ done: false });
    await expect(chunks.next()).rejects.toThrow('EIO');
  });

  it('takes a connection that was reset for one that has ended', async () => {
    const source = new TestSource();
    source.fail(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    expect(await takeAll(new ReadAhead(source))).toEqual([]);
  });
});
