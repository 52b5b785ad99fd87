import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameBatch } from '../../../protocol/index.js';
import { concat } from '../support/bytes.js';

const LARGE = 16_384;

function batchOf(...frames: Uint8Array[]): FrameBatch {
  const batch = new FrameBatch();
  for (const frame of frames) {
    batch.add(frame);
  }
  return batch;
}

describe('a batch', () => {
  test('merges small frames into one chunk', () => {
    const frames = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)];
    expect(batchOf(...frames).take()).toEqual([Uint8Array.of(1, 2, 3, 4, 5, 6)]);
  });

  test('passes a frame of 16 KiB or more on as it is, between the small ones around it', () => {
    const large = new Uint8Array(LARGE).fill(9);
    const chunks = batchOf(Uint8Array.of(1), Uint8Array.of(2), large, Uint8Array.of(3), Uint8Array.of(4)).take();
    expect(chunks).toEqual([Uint8Array.of(1, 2), large, Uint8Array.of(3, 4)]);
    expect(chunks[1]).toBe(large);
  });

  test('copies a frame one byte smaller when it has a neighbour, and not when it is alone', () => {
    const small = new Uint8Array(LARGE - 1);
    expect(batchOf(small, Uint8Array.of(1)).take()).toHaveLength(1);
    expect(batchOf(small).take()[0]).toBe(small);
  });

  test('counts its frames and bytes until they are taken', () => {
    const batch = batchOf(new Uint8Array(3), new Uint8Array(LARGE));
    expect({ frames: batch.frames, byteLength: batch.byteLength }).toEqual({ frames: 2, byteLength: LARGE + 3 });
    batch.take();
    expect({ frames: batch.frames, byteLength: batch.byteLength }).toEqual({ frames: 0, byteLength: 0 });
  });

  test('that is empty gives no chunks', () => {
    expect(new FrameBatch().take()).toEqual([]);
  });

  test('starts anew after it was taken', () => {
    const batch = batchOf(Uint8Array.of(1));
    batch.take();
    batch.add(Uint8Array.of(2));
    expect(batch.take()).toEqual([Uint8Array.of(2)]);
  });
});

test('the chunks are the frames in their order, whatever their sizes', () => {
  const frame = fc
    .tuple(fc.constantFrom(1, 100, LARGE - 1, LARGE, LARGE + 1), fc.nat({ max: 255 }))
    .map(([size, byte]) => new Uint8Array(size).fill(byte));
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
      const chunks = batchOf(...frames).take();
      expect(Buffer.compare(concat(...chunks), concat(...frames))).toBe(0);
    }),
  );
});
