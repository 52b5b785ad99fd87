import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../protocol/index.js';

describe('a buffer pool', () => {
  it('gives a buffer again once it has been given back, and never before', () => {
    const pool = new BufferPool({ bufferBytes: 100, maxKept: 2 });
    const [first, second] = [pool.take(100), pool.take(40)];
    expect(first.buffer).not.toBe(second.buffer);
    pool.giveBack(second.subarray(7));
    const third = pool.take(60);
    expect(third.buffer).toBe(second.buffer);
    expect(third).toHaveLength(60);
    expect(third.byteOffset).toBe(0);
    expect(pool.take(1).buffer).not.toBe(first.buffer);
  });

  it('keeps no more buffers than it may', () => {
    const pool = new BufferPool({ bufferBytes: 8, maxKept: 1 });
    const taken = [pool.take(8), pool.take(8)];
    for (const bytes of taken) pool.giveBack(bytes);
    const again = [pool.take(8), pool.take(8)];
    expect(again.filter(({ buffer }) => taken.some((bytes) => bytes.buffer === buffer))).toHaveLength(1);
  });

  it('keeps nothing that has another size than its buffers', () => {
    const pool = new BufferPool({ bufferBytes: 8, maxKept: 4 });
    const large = pool.take(9);
    expect(large).toHaveLength(9);
    pool.giveBack(large);
    expect(pool.take(8).buffer.byteLength).toBe(8);
  });

  it('copies bytes into a buffer of its own', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const copy = new BufferPool({ bufferBytes: 8, maxKept: 4 }).copyOf(bytes);
    bytes.fill(9);
    expect([...copy]).toEqual([1, 2, 3]);
  });

  it('keeps no buffer of what is too small for one', () => {
    const pool = new BufferPool({ bufferBytes: 8, maxKept: 4, leastBytes: 3 });
    const [small, large] = [pool.take(2), pool.take(3)];
    expect([small.buffer.byteLength, large.buffer.byteLength]).toEqual([2, 8]);
    for (const bytes of [small, large]) pool.giveBack(bytes);
    expect([pool.take(3).buffer, pool.take(3).buffer === small.buffer]).toEqual([large.buffer, false]);
  });
});
