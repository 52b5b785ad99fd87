import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../../protocol/index.js';
import { framed, fromHex, payloadOf } from '../support/bytes.js';
import { faultOf } from '../support/faults.js';
import { allocatedBytes, usedBytes } from '../support/memory.js';

const MEBIBYTE = 1_048_576;

describe('memory', () => {
  test('is not allocated by the length that a frame declares', () => {
    const before = usedBytes().arrayBuffers;
    const readers = Array.from({ length: 100 }, () => {
      const reader = new FrameReader();
      expect([...reader.push(fromHex('00ffffff 93'))]).toEqual([]);
      return reader;
    });
    expect(usedBytes().arrayBuffers - before).toBeLessThan(MEBIBYTE);
    expect(readers.every(({ pendingBytes }) => pendingBytes === 5)).toBe(true);
  });

  test.each([
    ['an array of 2^32 − 1 elements', 'ddffffffff c0'],
    ['an array of 2^24 elements', 'dd01000000 c0'],
    ['arrays of 2^24 elements in each other', 'dd01000000'.repeat(10)],
    ['a map of 2^32 − 1 entries', 'dfffffffff a161 c0'],
    ['a str of 2^32 − 1 bytes', 'dbffffffff 61'],
    ['a bin of 2^32 − 1 bytes', 'c6ffffffff 61'],
  ])('is not allocated by the size that a value declares: %s', (_, value) => {
    const bytes = framed(payloadOf(value));
    usedBytes();
    const before = allocatedBytes();
    faultOf(() => [...new FrameReader().push(bytes)]);
    expect(allocatedBytes() - before).toBeLessThan(MEBIBYTE);
  });

  test('follows what has arrived: at most twice that', () => {
    const bytes = encodeFrame({ type: 'x-a', id: 1, body: { data: new Uint8Array(8 * MEBIBYTE) } });
    const before = usedBytes().arrayBuffers;
    const readers = Array.from({ length: 8 }, (_, index) => {
      const reader = new FrameReader();
      for (let position = 0; position < (index + 1) * 100_000; position += 1000) {
        expect([...reader.push(bytes.subarray(position, position + 1000))]).toEqual([]);
      }
      return reader;
    });
    const allocated = usedBytes().arrayBuffers - before;
    const arrived = readers.reduce((total, { pendingBytes }) => total + pendingBytes, 0);
    expect(arrived).toBe(3_600_000);
    expect(allocated).toBeLessThan(2 * arrived + 65_536);
  });

  test('of chunks that have been read is let go of, also where the consumer is always one chunk behind', () => {
    const frame = encodeFrame({ type: 'x-a', id: 1, body: { data: new Uint8Array(65_536) } });
    const reader = new FrameReader();
    reader.push(frame.slice());
    const before = usedBytes().arrayBuffers;
    for (let round = 0; round < 1000; round += 1) {
      expect(reader.push(frame.slice()).next().done).toBe(false);
    }
    expect(reader.pendingBytes).toBe(frame.byteLength);
    expect(usedBytes().arrayBuffers - before).toBeLessThan(8 * MEBIBYTE);
  });

  test('of a large frame is let go of with the frame', () => {
    const reader = new FrameReader();
    const readLargeFrame = () => {
      const bytes = encodeFrame({ type: 'x-a', id: 1, body: { data: new Uint8Array(8 * MEBIBYTE) } });
      expect(Array.from(reader.push(bytes), ({ id }) => id)).toEqual([1]);
    };
    readLargeFrame();
    const before = usedBytes().arrayBuffers;
    readLargeFrame();
    readLargeFrame();
    expect(usedBytes().arrayBuffers).toBeLessThan(before + MEBIBYTE);
    expect(before).toBeLessThan(8 * MEBIBYTE);
  });
});

describe('time is linear', () => {
  const frameOf = (size: number) => encodeFrame({ type: 'x-a', id: 1, body: { data: new Uint8Array(size - 32) } });

  /** Milliseconds for each MiB of a stream of equal frames. */
  function readIn(chunkBytes: number, frame: Uint8Array, count: number): number {
    const reader = new FrameReader();
    let frames = 0;
    const start = performance.now();
    for (let round = 0; round < count; round += 1) {
      for (let position = 0; position < frame.byteLength; position += chunkBytes) {
        for (const _ of reader.push(frame.subarray(position, position + chunkBytes))) {
          frames += 1;
        }
      }
    }
    const duration = performance.now() - start;
    expect(frames).toBe(count);
    return (duration * MEBIBYTE) / (count * frame.byteLength);
  }

  test.each([
    ['64 KiB pieces', 65_536, 5],
    ['pieces of 1,000 bytes', 1_000, 5],
    ['single bytes', 1, 1],
  ])('in the size of a frame that comes in %s', (_, chunkBytes, runs) => {
    const [small, large] = [frameOf(MEBIBYTE / 4), frameOf(16 * MEBIBYTE)];
    const fastest = (frame: Uint8Array, count: number) =>
      Math.min(...Array.from({ length: runs }, () => readIn(chunkBytes, frame, count)));
    // A frame of 64 times the size: linear work takes as long for each byte, quadratic work 64 times as long. What is between
    // them is for a busy machine.
    expect(fastest(large, 1) / fastest(small, 16)).toBeLessThan(32);
  });

  test('in the number of small frames of one chunk', () => {
    const small = encodeFrame({ type: 'cancel', id: 1, body: {} });
    const streamOf = (frames: number) => new Uint8Array(Buffer.alloc(frames * small.byteLength, small));
    const fastest = (frames: number) => Math.min(...Array.from({ length: 5 }, () => timeToRead(streamOf(frames))));
    const timeToRead = (stream: Uint8Array) => {
      const start = performance.now();
      const frames = [...new FrameReader().push(stream)].length;
      expect(frames).toBe(stream.byteLength / small.byteLength);
      return (performance.now() - start) / frames;
    };
    expect(fastest(40_000) / fastest(1_000)).toBeLessThan(16);
  });
});
