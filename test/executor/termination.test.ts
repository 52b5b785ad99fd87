import { describe, expect, it } from 'vitest';
import { Termination } from '../../src/executor/termination.js';

describe('a termination', () => {
  it('has no cause at first', () => {
    const termination = new Termination();
    expect(termination.cause).toBeNull();
    expect(termination.signal.aborted).toBe(false);
  });

  it('keeps the first cause, whatever comes later', () => {
    const termination = new Termination();
    expect(termination.settle({ status: 'timeout' })).toBe(true);
    expect(termination.settle({ status: 'cancelled' })).toBe(false);
    expect(termination.cause).toEqual({ status: 'timeout' });
  });

  it('has its cause when it tells that there is one', () => {
    const termination = new Termination();
    const seen: unknown[] = [];
    termination.signal.addEventListener('abort', () => seen.push(termination.cause?.status));
    termination.settle({ status: 'cancelled' });
    termination.settle({ status: 'timeout' });
    expect(seen).toEqual(['cancelled']);
  });
});
