import { describe, expect, it } from 'vitest';
import { FifoPool } from '../../src/sandbox/fifo-pool.js';

const RESERVE = 12;

describe('a pool of FIFOs', () => {
  it('is prepared once its reserve is there, so that nobody waits for another batch', async () => {
    const made: string[] = [];
    const pool = new FifoPool(async (_, names) => void made.push(...names), '/fifos', RESERVE);
    await pool.prepare();
    expect(made).toHaveLength(RESERVE);
    const taken = await pool.take(RESERVE);
    expect(taken).toEqual(made.slice(0, RESERVE).map((name) => `/fifos/${name}`));
    await pool.close();
  });

  it('is prepared in one batch, however often it is asked for', async () => {
    const batches: number[] = [];
    const pool = new FifoPool(async (_, names) => void batches.push(names.length), '/fifos', RESERVE);
    await Promise.all([pool.prepare(), pool.prepare()]);
    await pool.prepare();
    expect(batches).toEqual([RESERVE]);
  });

  it('tells why none can be made who waits for some, and not who prepares it', async () => {
    const pool = new FifoPool(() => Promise.reject(new Error('no space left')), '/fifos', RESERVE);
    await pool.prepare();
    await expect(pool.take(1)).rejects.toThrow('no space left');
  });
});
