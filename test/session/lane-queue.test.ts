import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LaneFrame, LaneQueue } from '../../src/session/lane-queue.js';

/** A frame that a test recognises. */
function frame(name: number): LaneFrame {
  return { bytes: Uint8Array.of(name), onTaken: () => {} };
}

function drain(queue: LaneQueue): number[] {
  const names: number[] = [];
  for (let next = queue.take(); next !== null; next = queue.take()) names.push(next.bytes[0]!);
  return names;
}

describe('lanes', () => {
  it('take turns, one frame each', () => {
    const queue = new LaneQueue();
    for (const name of [10, 11, 12]) queue.push(1, frame(name));
    for (const name of [20, 21]) queue.push(2, frame(name));
    queue.push(3, frame(30));
    expect(drain(queue)).toEqual([10, 20, 30, 11, 21, 12]);
  });

  it('do not get a turn sooner by being refilled', () => {
    const queue = new LaneQueue();
    queue.push(1, frame(10));
    queue.push(2, frame(20));
    expect(queue.take()?.bytes[0]).toBe(10);
    queue.push(1, frame(11));
    expect(drain(queue)).toEqual([20, 11]);
  });

  it('all go before the last frame', () => {
    const queue = new LaneQueue();
    queue.pushLast(frame(99));
    queue.push(1, frame(10));
    queue.push(1, frame(11));
    expect(drain(queue)).toEqual([10, 11, 99]);
  });

  it('are gone when they are cleared', () => {
    const queue = new LaneQueue();
    queue.push(1, frame(10));
    queue.clear();
    expect(queue.take()).toBeNull();
  });

  it('keep their own order, and none waits for more than one turn of each other', () => {
    const script = fc.array(fc.record({ lane: fc.nat(4), takes: fc.nat(2) }), { maxLength: 60 });
    fc.assert(
      fc.property(script, (steps) => {
        const model = new LaneModel();
        steps.forEach(({ lane, takes }, name) => {
          model.push(lane, name);
          for (let count = 0; count < takes; count += 1) model.take();
        });
        while (model.frames > 0) model.take();
        model.take();
      }),
    );
  });
});

/** A queue beside plain arrays, and how often each waiting lane was passed by each other. */
class LaneModel {
  readonly #queue = new LaneQueue();
  readonly #lanes = new Map<number, number[]>();
  readonly #passed = new Map<number, Map<number, number>>();

  get frames(): number {
    return [...this.#lanes.values()].reduce((sum, names) => sum + names.length, 0);
  }

  push(lane: number, name: number): void {
    const names = this.#lanes.get(lane) ?? [];
    if (names.length === 0) this.#passed.set(lane, new Map());
    this.#lanes.set(lane, [...names, name]);
    this.#queue.push(lane, frame(name));
  }

  take(): void {
    const next = this.#queue.take();
    const filled = [...this.#lanes].filter(([, names]) => names.length > 0);
    expect(next === null).toBe(filled.length === 0);
    if (next === null) return;
    const turn = filled.find(([, names]) => names[0] === next.bytes[0]);
    expect(turn).toBeDefined();
    const [lane, names] = turn!;
    names.shift();
    this.#passed.set(lane, new Map());
    for (const [other] of filled) if (other !== lane) this.#pass(other, lane);
  }

  #pass(waiting: number, lane: number): void {
    const counts = this.#passed.get(waiting)!;
    counts.set(lane, (counts.get(lane) ?? 0) + 1);
    expect(counts.get(lane)).toBe(1);
  }
}
