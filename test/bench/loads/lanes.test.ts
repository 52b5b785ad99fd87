import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { lanes } from './lanes.js';

const signal = new AbortController().signal;

it('so many are under way at once, never more, and all of them count', async () => {
  let underWay = 0;
  let most = 0;
  let ended = 0;
  const begun = performance.now();
  const { rate, p50Ms } = await lanes(4, { amount: 100, signal }, async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await sleep(5);
    underWay -= 1;
    ended += 1;
  });
  const elapsedSeconds = (performance.now() - begun) / 1_000;
  expect([most, underWay]).toEqual([4, 0]);
  expect(ended).toBeGreaterThanOrEqual(4);
  expect(rate! * elapsedSeconds).toBeGreaterThanOrEqual(ended);
  expect(p50Ms).toBeGreaterThan(4);
});

it('one that fails fails the round', async () => {
  const failing = () => Promise.reject(new Error('failed'));
  await expect(lanes(2, { amount: 100, signal }, failing)).rejects.toThrow('failed');
});
