import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../src/sandbox/line-reader.js';
import { isPending } from '../support/gate.js';

function open() {
  const stream = new PassThrough();
  return { stream, reader: new LineReader(stream) };
}

async function linesOf(reader: LineReader): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await reader.next(); line !== null; line = await reader.next()) lines.push(line);
  return lines;
}

describe('reading lines', () => {
  it('gives each without its newline, whatever chunks they come in, and null at the end', async () => {
    const { stream, reader } = open();
    for (const chunk of ['re', 'ady\nstar', 'ted\n', '\n0', '\n']) stream.write(chunk);
    stream.end();
    expect(await linesOf(reader)).toEqual(['ready', 'started', '', '0']);
    expect(await reader.next()).toBeNull();
  });

  it('waits for a line that is not there yet', async () => {
    const { stream, reader } = open();
    const next = reader.next();
    stream.write('rea');
    expect(await isPending(next)).toBe(true);
    stream.write('dy\n');
    expect(await next).toBe('ready');
  });

  it('takes no line that has no end', async () => {
    const { stream, reader } = open();
    stream.end('whole\nhalf');
    expect(await linesOf(reader)).toEqual(['whole']);
  });

  it('ends for who waits when it is closed, and when the stream fails', async () => {
    const closed = open();
    const next = closed.reader.next();
    closed.reader.close();
    expect(await next).toBeNull();
    expect(closed.stream.destroyed).toBe(true);
    const failed = open();
    const other = failed.reader.next();
    failed.stream.destroy(new Error('gone'));
    expect(await other).toBeNull();
  });

  it('drops a line that is too long, and gives the next one', async () => {
    const { stream, reader } = open();
    stream.write(`${'x'.repeat(4_097)}\n${'y'.repeat(4_096)}\n`);
    for (let written = 0; written < 50; written += 1) stream.write('z'.repeat(1_000));
    stream.end('0\nlast\n');
    expect(await linesOf(reader)).toEqual(['y'.repeat(4_096), 'last']);
  });

  it('keeps no more lines than there can be, and the first ones', async () => {
    const { stream, reader } = open();
    for (let index = 0; index < 10; index += 1) stream.write(`${index}\n`);
    stream.end('flood\n'.repeat(100_000));
    await new Promise((resolve) => stream.once('end', resolve));
    const lines = await linesOf(reader);
    expect(lines.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`));
    expect(lines.length).toBe(16);
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
