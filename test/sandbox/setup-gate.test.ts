import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SetupGate } from '../../src/sandbox/setup-gate.js';
import { createGate } from '../support/gate.js';

describe('setting up tasks', () => {
  it('is done beside each other where there are descriptors', async () => {
    const setups = new SetupGate(() => {});
    const gate = createGate();
    let begun = 0;
    const setUp = async () => {
      begun += 1;
      await gate.opened;
      return begun;
    };
    const passing = Promise.all(Array.from({ length: 5 }, () => setups.pass(setUp)));
    await sleep(20);
    expect(begun).toBe(5);
    gate.open();
    expect(await passing).toEqual([5, 5, 5, 5, 5]);
  });

  it('that fails says so, and for want of descriptors how to get more; the next goes on', async () => {
    const setups = new SetupGate(() => {});
    const emfile = Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
    await expect(setups.pass(() => Promise.reject(emfile))).rejects.toMatchObject({ code: 'too_many_open_files' });
    const other = new Error('other');
    await expect(setups.pass(() => Promise.reject(other))).rejects.toBe(other);
    expect(await setups.pass(async () => 'next')).toBe('next');
  });
});
