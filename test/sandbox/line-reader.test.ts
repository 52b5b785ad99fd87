import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../src/sandbox/line-reader.js';

describe('reading a stream line by line', () => {
  it('gives each line when it is whole, and null at the end', async () => {
    const stream = new PassThrough();
    const reader = new LineReader(stream);
    stream.write('one\ntw');
    stream.end('o\nrest');
    expect([await reader.next(), await reader.next(), await reader.next()]).toEqual(['one', 'two', null]);
  });

  it('takes little of a flood at a time, and sees its end all the same', async () => {
    let taken = 0;
    const flood = function* () {
      for (; taken < 24; taken += 1) yield Buffer.from('x\n'.repeat(32_768));
    };
    const reader = new LineReader(Readable.from(flood(), { objectMode: false, highWaterMark: 1 }));
    await sleep(200);
    expect(taken).toBeLessThan(20);
    let lines = 0;
    while ((await reader.next()) !== null) lines += 1;
    expect(taken).toBe(24);
    expect(lines).toBeLessThanOrEqual(2 * 24 * 16);
  });
});
