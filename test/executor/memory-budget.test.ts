import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryBudget } from '../../src/executor/memory-budget.js';
import { QueueRegistry } from '../../src/tracking/index.js';

function budgetOf(capacity: number): { budget: MemoryBudget; registry: QueueRegistry } {
  const registry = new QueueRegistry();
  return { budget: new MemoryBudget(capacity, registry.register({ limit: 'memoryBudget', capacity })), registry };
}

describe('the memory budget', () => {
  it('takes what fits, to the last byte, and nothing of what does not', () => {
    const { budget } = budgetOf(100);
    expect(budget.reserve(60)).toBe(true);
    expect(budget.reserve(41)).toBe(false);
    expect(budget.available).toBe(40);
    expect(budget.reserve(40)).toBe(true);
    expect(budget.available).toBe(0);
  });

  it('can be filled again with what was given back', () => {
    const { budget } = budgetOf(100);
    budget.reserve(100);
    budget.release(30);
    expect(budget.reserve(30)).toBe(true);
    expect(budget.reserve(1)).toBe(false);
  });

  it('is tracked while it is open', () => {
    const { budget, registry } = budgetOf(100);
    budget.reserve(70);
    expect(registry.snapshot()).toMatchObject([{ name: 'memoryBudget', depth: 70, capacity: 100, unit: 'bytes' }]);
    budget.close();
    expect(registry.snapshot()).toEqual([]);
  });

  it('has not recovered where what was given back is taken again at once', () => {
    const { budget, registry } = budgetOf(100);
    const kinds: string[] = [];
    registry.setLimitWarningHandler(({ kind }) => kinds.push(kind));
    budget.reserve(100);
    budget.release(100);
    budget.reserve(100);
    budget.observe();
    expect(kinds).toEqual(['near']);
    budget.release(100);
    budget.observe();
    expect(kinds).toEqual(['near', 'recovered']);
  });

  it('never hands out more than it has, and has everything back in the end', () => {
    const requests = fc.array(fc.record({ bytes: fc.nat(60), holdFor: fc.nat(5) }), { maxLength: 40 });
    fc.assert(
      fc.property(requests, (script) => {
        const { budget, registry } = budgetOf(100);
        const held: { bytes: number; until: number }[] = [];
        script.forEach(({ bytes, holdFor }, now) => {
          for (const due of held.filter(({ until }) => until <= now)) {
            held.splice(held.indexOf(due), 1);
            budget.release(due.bytes);
          }
          const inUse = held.reduce((sum, reservation) => sum + reservation.bytes, 0);
          expect(budget.reserve(bytes)).toBe(inUse + bytes <= 100);
          if (inUse + bytes <= 100) held.push({ bytes, until: now + holdFor });
          budget.observe();
          expect(registry.snapshot()[0]!.depth).toBe(100 - budget.available);
        });
        for (const { bytes } of held) budget.release(bytes);
        expect(budget.available).toBe(100);
      }),
    );
  });
});
