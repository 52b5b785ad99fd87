import { describe, expect, it } from 'vitest';
import { RepeatableKill, terminateOrCount } from '../../src/sandbox/repeatable-kill.js';
import { createGate } from '../support/gate.js';
import { createKeepingLogger } from '../support/logs.js';

/** A kill that leaves so many processes at each attempt, or fails. */
function leaving(...outcomes: (number | Error)[]) {
  let attempts = 0;
  const kill = new RepeatableKill(async () => {
    const outcome = outcomes[Math.min(attempts++, outcomes.length - 1)]!;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
  return { kill, attempts: () => attempts };
}

describe('killing a task', () => {
  it('happens once for all who ask, also when it is over', async () => {
    const { kill, attempts } = leaving(0);
    expect(kill.succeeded).toBe(false);
    expect(await Promise.all([kill.run(), kill.run(), kill.run()])).toEqual([0, 0, 0]);
    expect(await kill.run()).toBe(0);
    expect([attempts(), kill.succeeded]).toEqual([1, true]);
  });

  it('has not succeeded while it is under way', async () => {
    const { opened, open } = createGate();
    const kill = new RepeatableKill(() => opened.then(() => 0));
    const running = kill.run();
    expect(kill.succeeded).toBe(false);
    open();
    await running;
    expect(kill.succeeded).toBe(true);
  });

  it('is tried anew where something would not die, until nothing is left', async () => {
    const { kill, attempts } = leaving(2, 1, 0);
    expect([await kill.run(), kill.succeeded]).toEqual([2, false]);
    expect([await kill.run(), kill.succeeded]).toEqual([1, false]);
    expect([await kill.run(), kill.succeeded]).toEqual([0, true]);
    expect([await kill.run(), attempts()]).toEqual([0, 3]);
  });

  it('is tried anew where it failed', async () => {
    const { kill } = leaving(new Error('unseen'), 0);
    await expect(kill.run()).rejects.toThrow('unseen');
    expect(await kill.run()).toBe(0);
  });
});

describe('ending what runs in a container', () => {
  it('counts what would not die', async () => {
    const logger = createKeepingLogger();
    const terminate = async () => 3;
    expect(await terminateOrCount({ terminate }, { executionId: 'e', logger })).toBe(3);
    expect(logger.lines).toEqual([]);
  });

  it('counts one process, and logs it, where it cannot be known whether any is left', async () => {
    const logger = createKeepingLogger();
    const terminate = () => Promise.reject(new Error('no /proc'));
    expect(await terminateOrCount({ terminate }, { executionId: 'e', logger })).toBe(1);
    expect(logger.lines).toEqual([
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ executionId: 'e' }) }),
    ]);
  });
});
