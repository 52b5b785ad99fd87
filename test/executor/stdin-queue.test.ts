import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StdinQueue } from '../../src/executor/stdin-queue.js';
import { createGate, isPending } from '../support/gate.js';

interface TestQueue {
  readonly queue: StdinQueue;
  /** The totals that were announced, in order. */
  readonly allowed: number[];
}

function queueOf(windowBytes: number): TestQueue {
  const allowed: number[] = [];
  const queue = new StdinQueue({ windowBytes, onAllowed: (total) => allowed.push(total) });
  return { queue, allowed };
}

/** A process that takes each chunk only when the gate is opened. */
function slowWritable(opened: Promise<void>): Writable {
  return new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void opened.then(() => done()) });
}

describe('streamed stdin', () => {
  it('reaches the process in order and ends where the host ends it', async () => {
    const { queue } = queueOf(100);
    const stdin = new PassThrough();
    const fed = queue.feed(stdin);
    queue.write(Buffer.from('ab'));
    queue.write(Buffer.from('cd'));
    queue.end();
    expect(await text(stdin)).toBe('abcd');
    await fed;
  });

  it('may come before there is a process', async () => {
    const { queue } = queueOf(100);
    queue.write(Buffer.from('early'));
    queue.end();
    const stdin = new PassThrough();
    const fed = queue.feed(stdin);
    expect(await text(stdin)).toBe('early');
    await fed;
  });

  it('ends at once where there is none', async () => {
    const { queue } = queueOf(100);
    queue.end();
    const stdin = new PassThrough();
    const fed = queue.feed(stdin);
    expect(await text(stdin)).toBe('');
    await fed;
    expect(queue.ended).toBe(true);
  });

  it('reaches a real process, more than one window of it', async () => {
    const { queue, allowed } = queueOf(1_000);
    const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
    const fed = queue.feed(child.stdin);
    const output = buffer(child.stdout);
    for (let at = 0; at < 20; at += 1) {
      await expect.poll(() => queue.allowedBytes - queue.receivedBytes).toBeGreaterThanOrEqual(500);
      queue.write(Buffer.alloc(500, 'a'.charCodeAt(0) + at));
    }
    queue.end();
    const expected = Array.from({ length: 20 }, (_, at) => String.fromCharCode('a'.charCodeAt(0) + at).repeat(500));
    expect((await output).toString()).toBe(expected.join(''));
    await fed;
    expect(allowed.at(-1)).toBe(10_000 + 1_000);
  });
});

describe('the window of streamed stdin', () => {
  it('is the first allowance', () => {
    expect(queueOf(100).queue.allowedBytes).toBe(100);
  });

  it('does not move while the process takes nothing', async () => {
    const { queue, allowed } = queueOf(100);
    const gate = createGate();
    const fed = queue.feed(slowWritable(gate.opened));
    queue.write(Buffer.alloc(60));
    queue.write(Buffer.alloc(40));
    expect(await isPending(fed)).toBe(true);
    expect(allowed).toEqual([]);
    gate.open();
    queue.end();
    await fed;
    expect(allowed).toEqual([160]);
  });

  it('is announced in steps of half a window', async () => {
    const { queue, allowed } = queueOf(100);
    const fed = queue.feed(new PassThrough().resume());
    for (let at = 0; at < 25; at += 1) queue.write(Buffer.alloc(10));
    queue.end();
    await fed;
    expect(allowed).toEqual([150, 200, 250, 300, 350]);
  });

  it('always lets the host go on in the end, whatever the sizes of its chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(50), { maxLength: 30 }),
        async (windowBytes, sizes) => {
          const { queue, allowed } = queueOf(windowBytes);
          const stdin = new PassThrough();
          const fed = queue.feed(stdin.resume());
          for (const size of sizes) {
            const chunk = Math.min(size, windowBytes);
            await expect.poll(() => queue.allowedBytes - queue.receivedBytes, { interval: 0 }).toBeGreaterThan(0);
            queue.write(Buffer.alloc(Math.min(chunk, queue.allowedBytes - queue.receivedBytes)));
          }
          queue.end();
          await fed;
          expect(allowed).toEqual([...allowed].sort((a, b) => a - b));
          expect(queue.allowedBytes).toBeLessThanOrEqual(queue.receivedBytes + windowBytes);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('does not bound empty chunks, so they are not kept', async () => {
    const { queue } = queueOf(100);
    for (let at = 0; at < 1_000; at += 1) queue.write(new Uint8Array(0));
    queue.end();
    const written: unknown[] = [];
    const stdin = new Writable({
      write(chunk, _encoding, done) {
        written.push(chunk);
        done();
      },
    });
    await queue.feed(stdin);
    expect(written).toEqual([]);
  });
});

describe('a process that takes no more stdin', () => {
  it('does not stop the host: what comes is dropped and counts as consumed', async () => {
    const { queue, allowed } = queueOf(100);
    const stdin = new PassThrough();
    const fed = queue.feed(stdin);
    stdin.destroy();
    await fed;
    queue.write(Buffer.alloc(100));
    expect(allowed).toEqual([200]);
  });

  it('frees what waits for it', async () => {
    const { queue } = queueOf(100);
    const stdin = slowWritable(new Promise(() => {}));
    const fed = queue.feed(stdin);
    for (let at = 0; at < 5; at += 1) queue.write(Buffer.alloc(20));
    expect(await isPending(fed)).toBe(true);
    stdin.destroy();
    await fed;
    expect(queue.allowedBytes).toBeGreaterThanOrEqual(queue.receivedBytes + 50);
  });

  it('may have closed it before it is fed', async () => {
    const { queue } = queueOf(100);
    const stdin = new PassThrough().destroy();
    await once(stdin, 'close');
    queue.write(Buffer.alloc(10));
    await queue.feed(stdin);
  });

  it('may end early without reading: a broken pipe harms nobody', async () => {
    const { queue, allowed } = queueOf(1_000_000);
    const child = spawn('/bin/sh', ['-c', 'exec 0<&-; sleep 0.2'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const fed = queue.feed(child.stdin);
    for (let at = 0; at < 10; at += 1) queue.write(Buffer.alloc(100_000));
    await fed;
    expect(allowed.at(-1)).toBe(2_000_000);
  });

  it('may be given up by the executor, once or twice', async () => {
    const { queue, allowed } = queueOf(100);
    queue.write(Buffer.alloc(70));
    queue.close();
    queue.close();
    expect(allowed).toEqual([170]);
  });
});
