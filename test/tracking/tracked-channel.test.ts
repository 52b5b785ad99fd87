import { getEventListeners } from 'node:events';
import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type TrackedChannelOptions, trackedSyncChannel } from '../../src/tracking/index.js';
import { brief, recordingRegistry } from './support/recording.js';

/** A channel of numbers that each weigh themselves. */
function openChannel(bounds: Pick<TrackedChannelOptions<number>, 'capacity' | 'capacityBytes'>) {
  const { registry, warnings } = recordingRegistry();
  const [sender, receiver] = trackedSyncChannel<number>({
    registry,
    limit: 'inboxQueue',
    sizeOf: (item) => item,
    ...bounds,
  });
  return { registry, warnings, sender, receiver, snapshot: () => registry.snapshot()[0] };
}

/** Whether a promise has settled, and how, once everything that can go on has gone on. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'pending';
  promise.then(
    () => {
      state = 'resolved';
    },
    () => {
      state = 'rejected';
    },
  );
  await settled();
  return state;
}

describe('sending', () => {
  it('goes on at once while there is room', async () => {
    const { sender, snapshot } = openChannel({ capacity: 2 });
    await sender.send(1);
    await sender.send(2);
    expect(snapshot()).toMatchObject({ depth: 2, waiters: 0, enqueued: 2, parkedCount: 0 });
  });

  it('waits while the channel is full of items, and is counted as a waiter and not as depth', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 2 });
    await sender.sendAll([1, 2]);
    const third = sender.send(3);
    expect(await stateOf(third)).toBe('pending');
    expect(snapshot()).toMatchObject({ depth: 2, waiters: 1, parkedCount: 1 });
    expect(receiver.tryReceive()).toBe(1);
    expect(snapshot()).toMatchObject({ depth: 2, waiters: 0, parkedCount: 1, enqueued: 3, dequeued: 1 });
    await third;
  });

  it('waits while the channel is full of bytes', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 10, capacityBytes: 100 });
    await sender.send(60);
    const second = sender.send(41);
    expect(await stateOf(second)).toBe('pending');
    receiver.tryReceive();
    await second;
    expect(snapshot()).toMatchObject({ depth: 1, depthBytes: 41 });
  });

  it('lets nobody overtake, not even what would fit', async () => {
    const { sender, receiver } = openChannel({ capacity: 10, capacityBytes: 100 });
    await sender.send(60);
    const large = sender.send(80);
    const small = sender.send(1);
    expect(sender.trySend(1)).toBe(false);
    expect(await stateOf(small)).toBe('pending');
    receiver.tryReceive();
    await Promise.all([large, small]);
    expect(receiver.drain()).toEqual([80, 1]);
  });

  it('lets an item that is larger than the byte bound in when the channel is empty', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 10, capacityBytes: 100 });
    await sender.send(5);
    const huge = sender.send(1_000);
    expect(await stateOf(huge)).toBe('pending');
    receiver.tryReceive();
    await huge;
    expect(snapshot()).toMatchObject({ depth: 1, depthBytes: 1_000, fillPercent: 1_000 });
    const next = sender.send(1);
    expect(await stateOf(next)).toBe('pending');
    expect(receiver.tryReceive()).toBe(1_000);
    await next;
  });

  it('hands an item straight to who waits for one', async () => {
    const { sender, receiver, snapshot, warnings } = openChannel({ capacity: 1 });
    const receiving = receiver.receive();
    await sender.send(7);
    expect(await receiving).toBe(7);
    expect(snapshot()).toMatchObject({ depth: 0, highWater: 0, enqueued: 1, dequeued: 1 });
    expect(warnings).toEqual([]);
  });

  it('warns and recovers by the fill of the channel', async () => {
    const { sender, receiver, warnings } = openChannel({ capacity: 10 });
    for (let item = 1; item <= 10; item += 1) await sender.send(item);
    for (let item = 1; item <= 10; item += 1) await receiver.receive();
    await sender.sendAll([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(warnings.map(brief)).toEqual([
      'inboxQueue near 8/10 items',
      'inboxQueue recovered 5/10 items',
      'inboxQueue near 9/10 items',
    ]);
  });

  it('may be tried without waiting', () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 1 });
    expect(sender.trySend(1)).toBe(true);
    expect(sender.trySend(2)).toBe(false);
    expect(snapshot()).toMatchObject({ depth: 1, waiters: 0, parkedCount: 0 });
    expect(receiver.drain()).toEqual([1]);
  });
});

describe('sending a batch', () => {
  it('waits until all of it fits at once', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 4 });
    await sender.sendAll([1, 2, 3]);
    const batch = sender.sendAll([4, 5, 6]);
    receiver.tryReceive();
    expect(await stateOf(batch)).toBe('pending');
    expect(snapshot()).toMatchObject({ depth: 2, waiters: 1 });
    receiver.tryReceive();
    await batch;
    expect(receiver.drain()).toEqual([3, 4, 5, 6]);
  });

  it('is refused where it has more items than the channel can hold', async () => {
    const { sender, snapshot } = openChannel({ capacity: 2 });
    await expect(sender.sendAll([1, 2, 3])).rejects.toMatchObject({
      name: 'BatchTooLargeError',
      code: 'batch_too_large',
      limit: 'inboxQueue',
      size: 3,
      capacity: 2,
      unit: 'items',
      message: 'a batch of 3 items never fits into inboxQueue, which holds 2 items (setting inboxFrames)',
    });
    expect(snapshot()).toMatchObject({ depth: 0, enqueued: 0, waiters: 0 });
  });

  it('is refused where it has more bytes than the channel can hold', async () => {
    const { sender } = openChannel({ capacity: 10, capacityBytes: 100 });
    await expect(sender.sendAll([50, 51])).rejects.toThrow(
      'a batch of 101 bytes never fits into inboxQueue, which holds 100 bytes (setting taskWindowBytes)',
    );
    await expect(sender.sendAll([50, 51])).rejects.toBeInstanceOf(RangeError);
  });

  it('is served first to those who wait', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 2 });
    const receiving = receiver.receive();
    await sender.sendAll([1, 2]);
    expect(await receiving).toBe(1);
    expect(snapshot()).toMatchObject({ depth: 1, highWater: 1, enqueued: 2, dequeued: 1 });
  });

  it('is not changed by what happens to the list while it waits', async () => {
    const { sender, receiver } = openChannel({ capacity: 2 });
    await sender.send(1);
    const items = [2, 3];
    const batch = sender.sendAll(items);
    items.push(4);
    receiver.tryReceive();
    await batch;
    expect(receiver.drain()).toEqual([2, 3]);
  });
});

describe('aborting', () => {
  it('rejects a sender that waits with the reason, and nothing of it is left', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 1 });
    await sender.send(1);
    const abort = new AbortController();
    const waiting = sender.send(2, { signal: abort.signal });
    const reason = new Error('no longer wanted');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(snapshot()).toMatchObject({ depth: 1, waiters: 0 });
    expect(receiver.drain()).toEqual([1]);
    expect(snapshot()).toMatchObject({ depth: 0, enqueued: 1 });
  });

  it('makes way for those behind', async () => {
    const { sender, receiver } = openChannel({ capacity: 10, capacityBytes: 100 });
    await sender.send(60);
    const abort = new AbortController();
    const large = sender.send(80, { signal: abort.signal });
    const small = sender.send(10);
    abort.abort();
    await expect(large).rejects.toThrow();
    await small;
    expect(receiver.drain()).toEqual([60, 10]);
  });

  it('before sending sends nothing, even where there is room', async () => {
    const { sender, snapshot } = openChannel({ capacity: 1 });
    const reason = new Error('never wanted');
    await expect(sender.send(1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(sender.sendAll([1], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(snapshot()).toMatchObject({ depth: 0, enqueued: 0 });
  });

  it('after an item was let in changes nothing', async () => {
    const { sender, receiver } = openChannel({ capacity: 1 });
    await sender.send(1);
    const abort = new AbortController();
    const waiting = sender.send(2, { signal: abort.signal });
    expect(receiver.tryReceive()).toBe(1);
    abort.abort();
    await waiting;
    expect(receiver.drain()).toEqual([2]);
  });

  it('rejects a receiver that waits, and the next item goes to the one behind it', async () => {
    const { sender, receiver } = openChannel({ capacity: 1 });
    const abort = new AbortController();
    const aborted = receiver.receive({ signal: abort.signal });
    const behind = receiver.receive();
    abort.abort();
    await expect(aborted).rejects.toThrow();
    await sender.send(1);
    expect(await behind).toBe(1);
  });

  it('a receiver whose item is on its way loses nothing', async () => {
    const { sender, receiver } = openChannel({ capacity: 1 });
    const abort = new AbortController();
    const receiving = receiver.receive({ signal: abort.signal });
    sender.trySend(1);
    abort.abort();
    expect(await receiving).toBe(1);
  });

  it('before receiving leaves the item in the channel', async () => {
    const { sender, receiver } = openChannel({ capacity: 1 });
    await sender.send(1);
    await expect(receiver.receive({ signal: AbortSignal.abort() })).rejects.toThrow();
    expect(receiver.tryReceive()).toBe(1);
  });

  it('leaves no listener on the signal, however the wait ends', async () => {
    const { sender, receiver } = openChannel({ capacity: 1 });
    const { signal } = new AbortController();
    await sender.send(1, { signal });
    const admitted = sender.send(2, { signal });
    const rejected = sender.send(3, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    receiver.tryReceive();
    await admitted;
    sender.close();
    await expect(rejected).rejects.toThrow();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('receiving', () => {
  it('gives items in the order in which they were sent', async () => {
    const { sender, receiver } = openChannel({ capacity: 2 });
    const sending = [1, 2, 3, 4].map((item) => sender.send(item));
    const received: (number | undefined)[] = [];
    for (let count = 0; count < 4; count += 1) received.push(await receiver.receive());
    await Promise.all(sending);
    expect(received).toEqual([1, 2, 3, 4]);
  });

  it('serves those who wait in the order in which they came', async () => {
    const { sender, receiver } = openChannel({ capacity: 2 });
    const receiving = Promise.all([receiver.receive(), receiver.receive()]);
    await sender.sendAll([1, 2]);
    expect(await receiving).toEqual([1, 2]);
  });

  it('may be tried without waiting', () => {
    const { sender, receiver } = openChannel({ capacity: 1 });
    expect(receiver.tryReceive()).toBeUndefined();
    sender.trySend(1);
    expect(receiver.tryReceive()).toBe(1);
  });

  it('all at once lets those in who wait', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 2 });
    const sending = [1, 2, 3].map((item) => sender.send(item));
    expect(receiver.drain()).toEqual([1, 2]);
    await Promise.all(sending);
    expect(snapshot()).toMatchObject({ depth: 1, enqueued: 3, dequeued: 2 });
  });

  it('by iterating ends when the channel is closed and empty', async () => {
    const { sender, receiver } = openChannel({ capacity: 3 });
    await sender.sendAll([1, 2]);
    const received: number[] = [];
    const iterating = (async () => {
      for await (const item of receiver) received.push(item);
    })();
    await settled();
    await sender.send(3);
    sender.close();
    await iterating;
    expect(received).toEqual([1, 2, 3]);
  });

  it('by iterating leaves the rest in the channel when the loop is left', async () => {
    const { sender, receiver } = openChannel({ capacity: 3 });
    await sender.sendAll([1, 2, 3]);
    for await (const item of receiver) if (item === 1) break;
    expect(receiver.drain()).toEqual([2, 3]);
    expect(sender.trySend(4)).toBe(true);
  });
});

describe('closing', () => {
  it('rejects who waits to send and whoever comes later', async () => {
    const { sender, snapshot } = openChannel({ capacity: 1 });
    await sender.send(1);
    const waiting = sender.send(2);
    sender.close();
    const closed = { name: 'ChannelClosedError', code: 'channel_closed', limit: 'inboxQueue' };
    await expect(waiting).rejects.toMatchObject(closed);
    await expect(sender.send(3)).rejects.toMatchObject(closed);
    await expect(sender.sendAll([3])).rejects.toMatchObject(closed);
    expect(sender.trySend(3)).toBe(false);
    expect(snapshot()).toMatchObject({ depth: 1, waiters: 0 });
  });

  it('leaves what is queued to be received, then ends', async () => {
    const { sender, receiver } = openChannel({ capacity: 2 });
    await sender.sendAll([1, 2]);
    sender.close();
    expect([await receiver.receive(), await receiver.receive(), await receiver.receive()]).toEqual([1, 2, undefined]);
  });

  it('ends those who wait to receive', async () => {
    const { sender, receiver } = openChannel({ capacity: 1 });
    const receiving = Promise.all([receiver.receive(), receiver.receive()]);
    sender.close();
    expect(await receiving).toEqual([undefined, undefined]);
  });

  it('at the receiving end rejects who waits to send, and leaves what is queued to whoever closed', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 2 });
    await sender.sendAll([1, 2]);
    const waiting = sender.send(3);
    receiver.close();
    await expect(waiting).rejects.toMatchObject({ code: 'channel_closed' });
    expect(receiver.drain()).toEqual([1, 2]);
    expect(snapshot()).toBeUndefined();
  });

  it('takes the gauge out of the snapshot when the last item has been received', async () => {
    const { sender, receiver, snapshot } = openChannel({ capacity: 1 });
    await sender.send(1);
    sender.close();
    sender.close();
    expect(snapshot()).toMatchObject({ depth: 1 });
    receiver.tryReceive();
    expect(snapshot()).toBeUndefined();
  });

  it('takes the gauge out of the snapshot at once where nothing is queued', () => {
    const { receiver, snapshot } = openChannel({ capacity: 1 });
    receiver.close();
    expect(snapshot()).toBeUndefined();
  });

  it('happens to both ends when their scope ends, and drops what is queued', async () => {
    const { registry, sender, receiver } = openChannel({ capacity: 1 });
    {
      using _receiver = receiver;
      using _sender = sender;
      await sender.send(1);
    }
    expect(receiver.tryReceive()).toBeUndefined();
    expect(registry.snapshot()).toEqual([]);
  });
});

describe('a channel', () => {
  it.each(['capacity', 'capacityBytes'])('needs a %s of at least 1', (field) => {
    expect(() => openChannel({ capacity: 1, [field]: 0 })).toThrow(
      expect.objectContaining({ code: 'invalid_capacity', message: expect.stringContaining('from 1 to') }),
    );
  });

  it('is whole again before a warning handler hears of it', async () => {
    const { registry, sender, receiver } = openChannel({ capacity: 5 });
    const heard: unknown[] = [];
    registry.setLimitWarningHandler(({ kind }) => {
      heard.push([kind, registry.snapshot()[0]!.depth, sender.trySend(9), receiver.tryReceive()]);
    });
    await sender.sendAll([1, 2, 3, 4, 5]);
    expect(heard).toEqual([['near', 5, false, 1]]);
    expect(receiver.drain()).toEqual([2, 3, 4, 5]);
    expect(heard[1]).toEqual(['recovered', 0, true, 9]);
  });

  it('takes items that weigh nothing, and weighs each once', async () => {
    const { registry } = recordingRegistry();
    let weighed = 0;
    const sizeOf = () => {
      weighed += 1;
      return Number.NaN;
    };
    const [sender, receiver] = trackedSyncChannel<string>({
      registry,
      limit: 'inboxQueue',
      capacity: 2,
      capacityBytes: 1,
      sizeOf,
    });
    await sender.sendAll(['a', 'b']);
    receiver.drain();
    expect(weighed).toBe(2);
    expect(registry.snapshot()[0]).toMatchObject({ depth: 0, depthBytes: 0, highWater: 2 });
  });

  it('fails a sender whose item cannot be weighed, and nothing else', async () => {
    const { registry } = recordingRegistry();
    const sizeOf = (item: string) => {
      if (item === 'b') throw new Error('no scales');
      return 1;
    };
    const [sender, receiver] = trackedSyncChannel({ registry, limit: 'inboxQueue', capacity: 2, sizeOf });
    await expect(sender.sendAll(['a', 'b'])).rejects.toThrow('no scales');
    await sender.send('a');
    expect(receiver.drain()).toEqual(['a']);
  });
});
