import { expect, test } from 'vitest';
import { ownBytes } from '../../../protocol/index.js';

test('a view of a small part of its buffer is copied', () => {
  const view = new Uint8Array(65_536).subarray(10, 20).fill(7);
  const owned = ownBytes(view);
  expect(owned).toEqual(view);
  expect(owned.buffer.byteLength).toBe(10);
});

test('a view of its whole buffer is passed on as it is', () => {
  const view = new Uint8Array(100);
  expect(ownBytes(view)).toBe(view);
});

test('a view that leaves only a frame header unused is passed on as it is', () => {
  const view = new Uint8Array(65_600).subarray(50);
  expect(ownBytes(view)).toBe(view);
});

test('an empty view lets go of its buffer', () => {
  expect(ownBytes(new Uint8Array(65_536).subarray(3, 3)).buffer.byteLength).toBe(0);
});

test('a copy is not changed by later changes of the chunk, also where the chunk is a Buffer', () => {
  const chunk = Buffer.alloc(1000, 1);
  const owned = ownBytes(chunk.subarray(0, 4));
  chunk.fill(2);
  expect(owned).toEqual(Uint8Array.of(1, 1, 1, 1));
});
