import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { STDERR_TAIL_BYTES, StderrTail } from '../../../clients/node/stderr-tail.js';

describe('the tail of stderr', () => {
  it('is all of it while that is little', async () => {
    const { stream, tail } = newTail();
    await feed(stream, [Buffer.from('a warning\n'), Buffer.from('an error\n')]);
    expect(tail.text()).toBe('a warning\nan error\n');
  });

  it.each([1, 1_000, 65_536, 200_000])('is its last 64 KiB, in chunks of %i bytes', async (size) => {
    const { stream, tail } = newTail();
    const count = Math.ceil((3 * STDERR_TAIL_BYTES) / size);
    const chunks = Array.from({ length: count }, (_, index) => Buffer.alloc(size, 97 + (index % 26)));
    await feed(stream, chunks);
    expect(tail.text()).toBe(Buffer.concat(chunks).subarray(-STDERR_TAIL_BYTES).toString());
  });

  it('hands on characters whole, however their bytes are split', async () => {
    const { stream, texts } = newTail();
    await feed(
      stream,
      [...Buffer.from('grüße 🚀')].map((byte) => Buffer.of(byte)),
    );
    expect(texts).toEqual([...'grüße 🚀']);
  });
});

function newTail(): { stream: PassThrough; tail: StderrTail; texts: string[] } {
  const stream = new PassThrough();
  const texts: string[] = [];
  return { stream, tail: new StderrTail(stream, (text) => texts.push(text)), texts };
}

async function feed(stream: PassThrough, chunks: readonly Buffer[]): Promise<void> {
  const ended = new Promise((resolve) => stream.on('end', resolve));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await ended;
}
