import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgedQueue } from '../../src/executor/aged-queue.js';

interface Entry {
  readonly name: number;
  readonly priority: number;
  readonly enqueuedAt: number;
}

function drain(queue: AgedQueue<Entry>): number[] {
  const names: number[] = [];
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) names.push(entry.name);
  return names;
}

function queueOf(agingMs: number, entries: readonly Omit<Entry, 'name'>[]): AgedQueue<Entry> {
  const queue = new AgedQueue<Entry>(agingMs);
  entries.forEach((entry, name) => {
    queue.push({ name, ...entry });
  });
  return queue;
}

describe('the aged queue', () => {
  it('lets the higher priority go first', () => {
    const queue = queueOf(1_000, [
      { priority: -1, enqueuedAt: 0 },
      { priority: 2, enqueuedAt: 0 },
      { priority: 0, enqueuedAt: 0 },
    ]);
    expect(drain(queue)).toEqual([1, 2, 0]);
  });

  it('lets equals leave in the order in which they came', () => {
    const queue = queueOf(
      1_000,
      Array.from({ length: 20 }, () => ({ priority: 3, enqueuedAt: 7 })),
    );
    expect(drain(queue)).toEqual(Array.from({ length: 20 }, (_, name) => name));
  });

  it('counts a step of priority for each aging interval that an entry has waited', () => {
    const waitedLong = { priority: 0, enqueuedAt: 0 };
    const important = { priority: 3, enqueuedAt: 300 };
    expect(drain(queueOf(100, [important, waitedLong]))).toEqual([0, 1]);
    expect(drain(queueOf(99, [important, waitedLong]))).toEqual([1, 0]);
  });

  it('tells each entry how many are ahead of it', () => {
    const queue = new AgedQueue<Entry>(1_000);
    expect(queue.push({ name: 0, priority: 0, enqueuedAt: 0 })).toBe(0);
    expect(queue.push({ name: 1, priority: 0, enqueuedAt: 1 })).toBe(1);
    expect(queue.push({ name: 2, priority: 9, enqueuedAt: 2 })).toBe(0);
  });

  it('takes entries out of the middle, each once', () => {
    const queue = new AgedQueue<Entry>(1_000);
    const entries = [0, 1, 2].map((name) => ({ name, priority: 0, enqueuedAt: name }));
    for (const entry of entries) queue.push(entry);
    expect(queue.remove(entries[1]!)).toBe(true);
    expect(queue.remove(entries[1]!)).toBe(false);
    expect([...queue].map(({ name }) => name)).toEqual([0, 2]);
    expect(queue.length).toBe(2);
  });

  it('is empty when everything has been taken', () => {
    const queue = queueOf(1_000, [{ priority: 0, enqueuedAt: 0 }]);
    expect(queue.peek()?.name).toBe(0);
    queue.shift();
    expect(queue.peek()).toBeUndefined();
    expect(queue.shift()).toBeUndefined();
  });
});

type Command = { kind: 'push'; priority: number; waitMs: number } | { kind: 'shift' } | { kind: 'remove'; at: number };

const commands = fc.array(
  fc.oneof<fc.Arbitrary<Command>[]>(
    fc.record({ kind: fc.constant('push'), priority: fc.integer({ min: -100, max: 100 }), waitMs: fc.nat(50) }),
    fc.record({ kind: fc.constant('shift') }),
    fc.record({ kind: fc.constant('remove'), at: fc.nat(30) }),
  ),
  { maxLength: 60 },
);

/** The one that is most urgent now: its priority plus a step for each `agingMs` that it has waited; the first of equals. */
function mostUrgent(entries: readonly Entry[], now: number, agingMs: number): number {
  const urgency = ({ priority, enqueuedAt }: Entry) => priority * agingMs + (now - enqueuedAt);
  return entries.reduce((best, entry, at) => (urgency(entry) > urgency(entries[best]!) ? at : best), 0);
}

it('agrees with a model that looks for the most urgent entry each time', () => {
  fc.assert(
    fc.property(commands, fc.integer({ min: 1, max: 40 }), (script, agingMs) => {
      const queue = new AgedQueue<Entry>(agingMs);
      const model: Entry[] = [];
      let now = 0;
      script.forEach((command, name) => {
        if (command.kind === 'push') {
          now += command.waitMs;
          const entry = { name, priority: command.priority, enqueuedAt: now };
          model.push(entry);
          queue.push(entry);
        } else if (command.kind === 'shift') {
          const [expected] = model.splice(mostUrgent(model, now, agingMs), 1);
          expect(queue.shift()).toBe(expected);
        } else {
          const [removed] = model.splice(command.at, 1);
          if (removed !== undefined) expect(queue.remove(removed)).toBe(true);
        }
        expect(queue.length).toBe(model.length);
      });
      for (let left = model.length; left > 0; left -= 1) {
        const [expected] = model.splice(mostUrgent(model, now, agingMs), 1);
        expect(queue.shift()).toBe(expected);
      }
    }),
  );
});
