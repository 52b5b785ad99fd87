import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RoomBounds, RoomQueue } from '../../src/session/room-queue.js';
import { QueueRegistry } from '../../src/tracking/index.js';
import { isPending } from '../support/gate.js';

function roomOf(bounds: RoomBounds): { room: RoomQueue; registry: QueueRegistry } {
  const registry = new QueueRegistry();
  const { capacity, capacityBytes } = bounds;
  const gauge = registry.register({
    limit: 'outputQueue',
    capacity,
    ...(capacityBytes !== undefined && { capacityBytes }),
  });
  return { room: new RoomQueue(gauge, bounds), registry };
}

describe('a room queue', () => {
  it('gives places at once as long as there are some', () => {
    const { room } = roomOf({ capacity: 2 });
    expect(room.request(10, 1)).toBeUndefined();
    expect(room.request(10, 1)).toBeUndefined();
    expect(room.request(10, 1)).toBeInstanceOf(Promise);
  });

  it('gives a place that was left to who has waited longest', async () => {
    const { room, registry } = roomOf({ capacity: 1 });
    room.request(0, 1);
    const [first, second] = [room.request(0, 2)!, room.request(0, 3)!];
    expect(registry.snapshot()).toMatchObject([{ depth: 1, waiters: 2 }]);
    room.leave(0, 1);
    await first;
    expect(await isPending(second)).toBe(true);
    room.leave(0, 2);
    await second;
    expect(registry.snapshot()).toMatchObject([{ depth: 1, waiters: 0, parkedCount: 2 }]);
  });

  it('is full in bytes too, and lets something larger in when it is empty', async () => {
    const { room } = roomOf({ capacity: 10, capacityBytes: 100 });
    expect(room.request(500, 1)).toBeUndefined();
    const small = room.request(1, 2)!;
    expect(await isPending(small)).toBe(true);
    room.leave(500, 1);
    await small;
    const large = room.request(500, 1)!;
    const later = room.request(1, 3)!;
    expect(await isPending(later)).toBe(true);
    room.leave(1, 2);
    await large;
    expect(await isPending(later)).toBe(true);
  });

  it('lets others pass a key that holds its share', async () => {
    const { room } = roomOf({ capacity: 10, capacityPerKey: 2 });
    room.request(0, 1);
    room.request(0, 1);
    const greedy = room.request(0, 1)!;
    expect(await isPending(room.request(0, 2)!)).toBe(false);
    expect(await isPending(greedy)).toBe(true);
    room.leave(0, 1);
    await greedy;
  });

  it('tells who only asks whether there is room, without taking it', async () => {
    const { room } = roomOf({ capacity: 1 });
    expect(room.available()).toBeUndefined();
    room.enter();
    const available = room.available()!;
    expect(await isPending(available)).toBe(true);
    room.leave();
    await available;
    expect(room.request(0, 1)).toBeUndefined();
  });

  it('lets everybody in once it is opened', async () => {
    const { room } = roomOf({ capacity: 1 });
    room.request(0, 1);
    const waiting = [room.request(0, 2)!, room.request(0, 3)!];
    room.open();
    await Promise.all(waiting);
    expect(room.request(0, 4)).toBeUndefined();
  });

  it('leaves the snapshot when it is closed', () => {
    const { room, registry } = roomOf({ capacity: 1 });
    room.close();
    expect(registry.snapshot()).toEqual([]);
  });
});

interface Ticket {
  readonly bytes: number;
  readonly key: number;
  readonly at: number;
  admitted: boolean;
}

const CAPACITY = 4;
const CAPACITY_BYTES = 50;
const PER_KEY = 2;

const commands = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('request' as const), bytes: fc.nat(80), key: fc.nat(2) }),
    fc.record({ kind: fc.constant('leave' as const), at: fc.nat(CAPACITY - 1) }),
  ),
  { maxLength: 40 },
);

/** Whether a request would fit now; the first into an empty queue always does. */
function fits(held: readonly Ticket[], { bytes, key }: Ticket): boolean {
  const heldBytes = held.reduce((sum, ticket) => sum + ticket.bytes, 0);
  if (held.length === 0) return true;
  return held.length < CAPACITY && heldBytes + bytes <= CAPACITY_BYTES && share(held, key) < PER_KEY;
}

function share(held: readonly Ticket[], key: number): number {
  return held.filter((ticket) => ticket.key === key).length;
}

it('keeps to its bounds, passes over none but those that hold their share, and admits everybody in the end', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (script) => {
      const { room, registry } = roomOf({
        capacity: CAPACITY,
        capacityBytes: CAPACITY_BYTES,
        capacityPerKey: PER_KEY,
      });
      let held: Ticket[] = [];
      let waiting: Ticket[] = [];

      const settle = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        held.push(...waiting.filter(({ admitted }) => admitted));
        waiting = waiting.filter(({ admitted }) => !admitted);
        const bytes = held.reduce((sum, ticket) => sum + ticket.bytes, 0);
        expect(held.length).toBeLessThanOrEqual(CAPACITY);
        expect(held.length <= 1 || bytes <= CAPACITY_BYTES).toBe(true);
        expect(registry.snapshot()).toMatchObject([{ depth: held.length, waiters: waiting.length, depthBytes: bytes }]);
        const next = waiting.find(({ key }) => share(held, key) < PER_KEY);
        expect(next !== undefined && fits(held, next)).toBe(false);
      };
      const leave = (ticket: Ticket) => {
        held = held.filter((other) => other !== ticket);
        room.leave(ticket.bytes, ticket.key);
      };

      for (const [at, command] of script.entries()) {
        if (command.kind === 'leave') {
          const ticket = held[command.at];
          if (ticket !== undefined) leave(ticket);
        } else {
          const ticket: Ticket = { bytes: command.bytes, key: command.key, at, admitted: false };
          waiting.push(ticket);
          const turn = room.request(command.bytes, command.key);
          void Promise.resolve(turn).then(() => {
            ticket.admitted = true;
          });
        }
        await settle();
      }
      while (held.length > 0) {
        leave(held[0]!);
        await settle();
      }
      expect(waiting).toEqual([]);
      expect(registry.snapshot()).toMatchObject([{ depth: 0, depthBytes: 0, waiters: 0 }]);
    }),
    { numRuns: 200 },
  );
});
