import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutMiddle, HeadTailBuffer } from '../../src/executor/head-tail-buffer.js';

/** All bytes, or the first half (the larger one) and the last half of `capacity`. */
function headAndTail(bytes: Uint8Array, capacity: number): Uint8Array {
  if (bytes.byteLength <= capacity) return bytes;
  const head = Math.ceil(capacity / 2);
  const tail = capacity - head;
  return Uint8Array.of(...bytes.subarray(0, head), ...bytes.subarray(bytes.byteLength - tail));
}

function filled(capacity: number, ...chunks: readonly Uint8Array[]): HeadTailBuffer {
  const buffer = new HeadTailBuffer(capacity);
  for (const chunk of chunks) buffer.write(chunk);
  return buffer;
}

const text = (buffer: HeadTailBuffer) => Buffer.from(buffer.bytes()).toString();

describe('the head-tail buffer', () => {
  it('keeps everything that fits', () => {
    const buffer = filled(6, Buffer.from('abc'), Buffer.from('def'));
    expect(text(buffer)).toBe('abcdef');
    expect(buffer.truncated).toBe(false);
  });

  it('keeps the first and the last half of what does not fit', () => {
    const buffer = filled(4, Buffer.from('abc'), Buffer.from('def'));
    expect(text(buffer)).toBe('abef');
    expect(buffer.truncated).toBe(true);
    expect(buffer.totalBytes).toBe(6);
  });

  it.each([0, 1])('counts what it cannot keep in %i bytes', (capacity) => {
    const buffer = filled(capacity, Buffer.from('abc'));
    expect(buffer.bytes().byteLength).toBe(capacity);
    expect(buffer.totalBytes).toBe(3);
    expect(buffer.truncated).toBe(true);
  });

  it('does not change when a chunk that it was given changes', () => {
    const chunk = Buffer.from('ab');
    const buffer = filled(3, chunk);
    chunk.fill('x');
    expect(text(buffer)).toBe('ab');
  });

  it('hands out bytes that later writes leave alone', () => {
    const buffer = filled(4, Buffer.from('abcd'));
    const before = buffer.bytes();
    buffer.write(Buffer.from('ef'));
    expect(Buffer.from(before).toString()).toBe('abcd');
  });

  it('holds the head and the tail of any bytes, in any chunks, for any capacity', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(chunks, fc.nat(60), (pieces, capacity) => {
        const buffer = new HeadTailBuffer(capacity);
        let all = new Uint8Array(0);
        for (const piece of pieces) {
          buffer.write(piece);
          all = Uint8Array.of(...all, ...piece);
          expect(buffer.bytes()).toEqual(headAndTail(all, capacity));
          expect(buffer.totalBytes).toBe(all.byteLength);
          expect(buffer.truncated).toBe(all.byteLength > capacity);
        }
      }),
    );
  });

  it('grows beyond its first allocation without losing order', () => {
    const all = Uint8Array.from({ length: 10_000 }, (_, at) => at % 251);
    const pieces = Array.from({ length: 100 }, (_, at) => all.subarray(at * 100, at * 100 + 100));
    expect(filled(10_000, ...pieces).bytes()).toEqual(all);
    expect(filled(5_000, ...pieces).bytes()).toEqual(headAndTail(all, 5_000));
  });
});

describe('cutting the middle', () => {
  it('returns what fits as it is', () => {
    const bytes = Buffer.from('abcd');
    expect(cutMiddle(bytes, 4)).toBe(bytes);
  });

  it('keeps head and tail of what does not', () => {
    expect(Buffer.from(cutMiddle(Buffer.from('abcdefgh'), 5)).toString()).toBe('abcgh');
    expect(cutMiddle(Buffer.from('abcdefgh'), 0).byteLength).toBe(0);
  });
});
