import { describe, expect, it } from 'vitest';
import { ReadBuffer } from '../../../protocol/index.js';

/** Reads so many bytes, each with this value. */
function read(buffer: ReadBuffer, byteLength: number, value: number): Uint8Array {
  const room = buffer.room();
  room.subarray(0, byteLength).fill(value);
  return buffer.filled(byteLength);
}

describe('a read buffer', () => {
  it('is read into from its start again when nothing of it is kept', () => {
    const buffer = new ReadBuffer(10);
    const first = read(buffer, 6, 1);
    expect(buffer.keep(first.subarray(6))).toHaveLength(0);
    expect(buffer.room()).toHaveLength(10);
    expect(buffer.room().byteOffset).toBe(first.byteOffset);
  });

  it('keeps what is not done with, and reads the next bytes right behind it', () => {
    const buffer = new ReadBuffer(10);
    const kept = buffer.keep(read(buffer, 6, 1).subarray(2));
    const next = read(buffer, 3, 2);
    expect(next.byteOffset).toBe(kept.byteOffset + kept.byteLength);
    expect([...kept, ...next]).toEqual([1, 1, 1, 1, 2, 2, 2]);
  });

  it('moves it to the start, once, where there is little room behind it', () => {
    const buffer = new ReadBuffer(10);
    const start = buffer.room().byteOffset;
    const kept = buffer.keep(read(buffer, 9, 1).subarray(2));
    expect([kept.byteOffset, [...kept]]).toEqual([start, [1, 1, 1, 1, 1, 1, 1]]);
    expect(buffer.room()).toHaveLength(3);
    const whole = new Uint8Array(kept.buffer, kept.byteOffset, 8);
    read(buffer, 1, 2);
    expect(buffer.keep(whole)).toBe(whole);
  });

  it('moves nothing while the next bytes are awaited behind it', () => {
    const buffer = new ReadBuffer(10);
    const filled = read(buffer, 9, 1);
    const room = buffer.room();
    const last = filled.subarray(8);
    expect(buffer.keep(last)).toBe(last);
    room[0] = 2;
    const next = buffer.filled(1);
    expect([next.byteOffset, ...next]).toEqual([room.byteOffset, 2]);
  });

  it('always has room: what is not done with when it is full stays where it is', () => {
    const buffer = new ReadBuffer(10);
    const filled = read(buffer, 10, 1);
    expect(buffer.room()).toHaveLength(10);
    read(buffer, 10, 2);
    expect([...filled]).toEqual(Array(10).fill(1));
    expect([buffer.holds(filled), buffer.capacity]).toEqual([false, 10]);
    expect(buffer.keep(filled)).toBe(filled);
  });

  it('is made of the bytes that it is given', () => {
    const given: Uint8Array[] = [];
    const buffer = new ReadBuffer(4, (byteLength) => {
      given.push(new Uint8Array(byteLength));
      return given.at(-1)!;
    });
    expect(buffer.room().buffer).toBe(given[0]?.buffer);
    read(buffer, 4, 1);
    expect(buffer.room().buffer).toBe(given[1]?.buffer);
  });
});
