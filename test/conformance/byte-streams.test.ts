import { describe, expect, it } from 'vitest';
import type { RawFrame } from '../../protocol/index.js';
import { ByteStreams } from './byte-streams.js';

function output(offset: number, text: string): RawFrame {
  return { type: 'output', id: 1, body: { stream: 'stdout', offset, data: new Uint8Array(Buffer.from(text)) } };
}

function stdin(text: string, end?: boolean): RawFrame {
  return { type: 'stdin', id: 1, body: { data: new Uint8Array(Buffer.from(text)), ...(end !== undefined && { end }) } };
}

async function collect(frames: readonly RawFrame[], bytes: number, { stream = 'stdout', end = false } = {}) {
  const left = [...frames];
  const taken = await new ByteStreams().collect({ id: 1, stream, bytes, end }, async (isWanted) => {
    const frame = left.shift();
    if (frame === undefined || !isWanted(frame)) throw new Error('nothing more came');
    return frame;
  });
  return Buffer.from(taken).toString();
}

describe('the bytes of a stream', () => {
  it('are put together however they are cut', async () => {
    expect(await collect([output(0, 'ab'), output(2, ''), output(2, 'c')], 3)).toBe('abc');
    expect(await collect([stdin('ab'), stdin('c'), stdin('', true)], 3, { stream: 'stdin', end: true })).toBe('abc');
    expect(await collect([stdin('abc', true)], 3, { stream: 'stdin', end: true })).toBe('abc');
  });

  it('must be as many as are expected', async () => {
    await expect(collect([output(0, 'ab')], 3)).rejects.toThrow('nothing more came');
    await expect(collect([output(0, 'abcd')], 3)).rejects.toThrow('3 bytes were expected, 4 came');
    await expect(collect([stdin('ab', true)], 3, { stream: 'stdin', end: true })).rejects.toThrow(
      '1 bytes before its end',
    );
  });

  it('must follow each other without gap or overlap', async () => {
    await expect(collect([output(0, 'ab'), output(3, 'c')], 3)).rejects.toThrow('at offset 3 instead of 2');
    await expect(collect([output(0, 'ab'), output(1, 'c')], 3)).rejects.toThrow('at offset 1 instead of 2');
  });
});
