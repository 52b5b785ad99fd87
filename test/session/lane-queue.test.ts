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

  it('keep their own order, and none waits for more than one turn of every other', () => {
    const pushes = fc.array(fc.tuple(fc.nat(4), fc.nat(3)), { maxLength: 60 });
    fc.assert(
      fc.property(pushes, (script) => {
        const queue = new LaneQueue();
        const lanes = new Map<number, number[]>();
        const turns: number[] = [];
        const take = () => {
          const next = queue.take();
          const filled = [...lanes].filter(([, names]) => names.length > 0);
          expect(next === null).toBe(filled.length === 0);
          if (next === null) return;
          const [lane, names] = filled.find(([, waiting]) => waiting[0] === next.bytes[0])!;
          names.shift();
          for (const [other] of filled) if (other !== lane) expect(turnsSince(other)).toBeLessThanOrEqual(1);
          turns.push(lane);

          /** How often this lane had its turn since the other one had, the turn now included. */
          function turnsSince(other: number): number {
            const since = waitingSince.get(other)!;
            return turns.slice(Math.max(since, turns.lastIndexOf(other) + 1)).filter((turn) => turn === lane).length + 1;
          }
        };
        const waitingSince = new Map<number, number>();
        script.forEach(([lane, takes], name) => {
          const names = lanes.get(lane) ?? [];
          if (names.length === 0) waitingSince.set(lane, turns.length);
          lanes.set(lane, [...names, name]);
          queue.push(lane, frame(name));
          for (let count = takes - 1; count > 0; count -= 1) take();
        });
        for (let left = script.length; left > 0; left -= 1) take();
      }),
    );
  });
});
