import { describe, expect, it } from 'vitest';
import { OutputCredit } from '../../src/session/output-credit.js';
import { isPending } from '../support/gate.js';

describe('output credit', () => {
  it('is what was allowed in all less what was used', () => {
    const credit = new OutputCredit(100);
    credit.use(60);
    expect(credit.available).toBe(40);
    credit.allow(150);
    expect(credit.available).toBe(90);
  });

  it('is not taken back by a smaller total', () => {
    const credit = new OutputCredit(100);
    credit.allow(50);
    expect(credit.available).toBe(100);
  });

  it('is waited for until more is allowed', async () => {
    const credit = new OutputCredit(100);
    credit.use(100);
    const waiting = [credit.granted(), credit.granted()];
    credit.allow(100);
    expect(await isPending(waiting[0]!)).toBe(true);
    credit.allow(101);
    await Promise.all(waiting);
    expect(credit.available).toBe(1);
  });

  it('is not needed any more once it is lifted', async () => {
    const credit = new OutputCredit(0);
    const waiting = credit.granted();
    credit.lift();
    await waiting;
    credit.use(1_000_000);
    expect(credit.available).toBe(Number.POSITIVE_INFINITY);
  });
});
