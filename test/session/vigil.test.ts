import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Vigil } from '../../src/session/vigil.js';

const IN_A_ROW = 1_000;

/** How many turns of the event loop are to come: it does not sleep while there are any. */
function turns(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Immediate').length;
}

function isKeptByOneQuestion(vigil: Vigil): boolean {
  const before = turns();
  vigil.keep();
  return turns() > before;
}

/** Some of so many questions come in a row, however busy the machine is. */
function isKeptByMany(vigil: Vigil): boolean {
  return Array.from({ length: IN_A_ROW }, () => isKeptByOneQuestion(vigil)).includes(true);
}

describe('a vigil', () => {
  it('keeps the event loop awake while questions come in a row, and lets it sleep after them', async () => {
    expect(isKeptByMany(new Vigil(2))).toBe(true);
    await vi.waitUntil(() => turns() === 0);
  });

  it('does not begin for questions that come now and then', async () => {
    const vigil = new Vigil(2);
    for (let question = 0; question < 5; question += 1) {
      await sleep(5);
      expect(isKeptByOneQuestion(vigil)).toBe(false);
    }
  });

  it('does not take the only processor from the host', () => {
    expect(isKeptByMany(new Vigil(1))).toBe(false);
  });
});
