import { describe, expect, it } from 'vitest';
import { CrashBudget } from '../../../clients/node/crash-budget.js';
import { Sidecar } from '../../../clients/node/index.js';

describe('a crash budget', () => {
  it('doubles the pause with every crash, up to the longest, and then gives up', () => {
    const budget = new CrashBudget({ maxCrashes: 4, withinMs: 1_000, initialDelayMs: 10, maxDelayMs: 50 });
    expect([0, 1, 2, 3].map((now) => budget.spend(now))).toEqual([10, 20, 40, 50]);
    expect(budget.spend(4)).toEqual({ crashes: 5, maxCrashes: 4, withinMs: 1_000 });
  });

  it('forgets a crash when its time is over, and the pause with it', () => {
    const budget = new CrashBudget({ maxCrashes: 2, withinMs: 1_000, initialDelayMs: 10 });
    expect([0, 500, 1_000, 1_500].map((now) => budget.spend(now))).toEqual([10, 20, 20, 20]);
    expect(budget.spend(9_000)).toBe(10);
  });

  it.each([
    ['restart', 5],
    ['restart.maxCrashes', { maxCrashes: 0 }],
    ['restart.withinMs', { withinMs: 0 }],
    ['restart.initialDelayMs', { initialDelayMs: -1 }],
    ['restart.maxDelayMs', { maxDelayMs: 0.5 }],
  ])('is refused with the name of the option %s that is wrong', async (name, restart) => {
    await expect(Sidecar.spawn({ restart: restart as object })).rejects.toMatchObject({
      code: 'invalid_argument',
      field: `options.${name}`,
    });
  });
});
