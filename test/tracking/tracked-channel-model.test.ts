import { setImmediate as settled } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChannelBench } from './support/channel-bench.js';
import { ChannelModel, type Item, type Outcome } from './support/channel-model.js';

type Step =
  | { readonly do: 'send' | 'trySend'; readonly bytes: number }
  | { readonly do: 'sendAll'; readonly bytes: readonly number[] }
  | { readonly do: 'receive' | 'tryReceive' | 'drain' | 'close' }
  | { readonly do: 'abort'; readonly back: number };

const anyBytes = fc.oneof(fc.nat(12), fc.constantFrom(0, 30));
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), bytes: anyBytes }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('sendAll' as const), bytes: fc.array(anyBytes, { maxLength: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trySend' as const), bytes: anyBytes }) },
  { weight: 6, arbitrary: fc.constant({ do: 'receive' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'tryReceive' as const }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('abort' as const), back: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'drain' as const }) },
);
/** Steps of one turn follow each other at once; between turns every promise gets its say. */
const anyTurns = fc.array(fc.array(anyStep, { minLength: 1, maxLength: 6 }), { maxLength: 30, size: 'max' });
const anyBounds = fc.record({
  capacity: fc.integer({ min: 1, max: 6 }),
  capacityBytes: fc.integer({ min: 1, max: 25 }),
});

/** Takes the same steps with a channel and with its model, and compares what each gives back. */
class Comparison {
  readonly model: ChannelModel;
  readonly bench: ChannelBench;
  operations = 0;
  #items = 0;

  constructor({ capacity, capacityBytes }: { capacity: number; capacityBytes: number }) {
    this.model = new ChannelModel(capacity, capacityBytes);
    this.bench = new ChannelBench(capacity, capacityBytes);
  }

  take(step: Step): void {
    const { model, bench } = this;
    if (step.do === 'send') this.#send([this.#item(step.bytes)]);
    else if (step.do === 'sendAll') this.#send(step.bytes.map((bytes) => this.#item(bytes)));
    else if (step.do === 'trySend') this.#trySend(this.#item(step.bytes));
    else if (step.do === 'receive') this.#receive();
    else if (step.do === 'tryReceive') expect(bench.receiver.tryReceive()).toEqual(model.tryReceive());
    else if (step.do === 'drain') expect(bench.receiver.drain()).toEqual(model.drain());
    else if (step.do === 'abort') this.#abort(this.operations - step.back);
    else this.#close();
  }

  /** Everything that can be seen of a channel when all its promises have settled. */
  compare(): void {
    const { model, bench } = this;
    expect(sorted(bench.outcomes)).toEqual(sorted(model.outcomes));
    expect(bench.leakedListeners).toBe(0);
    expect(
      bench.warnings.map(({ kind, observed, capacity, fillPercent, unit }) => {
        return { kind, observed, capacity, fillPercent, unit };
      }),
    ).toEqual(model.gauge.warnings);
    const { snapshot } = bench;
    if (model.closed && model.queue.length === 0) {
      expect(snapshot).toBeUndefined();
      return;
    }
    expect(snapshot).toMatchObject({
      depth: model.queue.length,
      depthBytes: model.gauge.depthBytes,
      highWater: model.gauge.highWater,
      waiters: model.senders.length,
      enqueued: model.enqueued,
      dequeued: model.dequeued,
    });
    expect(snapshot!.highWater).toBeLessThanOrEqual(model.capacity);
    if (snapshot!.depth > 1) expect(snapshot!.depthBytes).toBeLessThanOrEqual(model.capacityBytes);
  }

  #send(items: Item[]): void {
    this.operations += 1;
    this.model.send(this.operations, items);
    this.bench.send(this.operations, items);
  }

  #trySend(item: Item): void {
    expect(this.bench.sender.trySend(item)).toBe(this.model.trySend(item));
  }

  #receive(): void {
    this.operations += 1;
    this.model.receive(this.operations);
    this.bench.receive(this.operations);
  }

  #abort(id: number): void {
    if (id < 1) return;
    this.model.abort(id);
    this.bench.abort(id);
  }

  #close(): void {
    this.model.close();
    this.bench.receiver.close();
  }

  #item(bytes: number): Item {
    this.#items += 1;
    return { name: this.#items, bytes };
  }
}

function sorted(outcomes: ReadonlyMap<number, Outcome>): [number, Outcome][] {
  return [...outcomes].sort(([a], [b]) => a - b);
}

test('a tracked channel does what its model does, whatever is sent, received and aborted in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(anyBounds, anyTurns, async (bounds, turns) => {
      const comparison = new Comparison(bounds);
      for (const steps of turns) {
        for (const step of steps) comparison.take(step);
        await settled();
        comparison.compare();
      }
    }),
    { numRuns: 300 },
  );
});

test('closing a tracked channel, at whatever moment, settles everything and leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(anyBounds, anyTurns, anyTurns, async (bounds, turns, turnsAfter) => {
      const comparison = new Comparison(bounds);
      for (const step of turns.flat()) comparison.take(step);
      comparison.take({ do: 'close' });
      for (const step of turnsAfter.flat()) comparison.take(step);
      comparison.take({ do: 'drain' });
      await settled();
      comparison.compare();
      const { bench, operations } = comparison;
      expect(bench.outcomes.size).toBe(operations);
      expect(bench.snapshot).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test('of many producers that abort at whatever moment, every item that was sent arrives once and in order', async () => {
  const anyPlan = fc.array(fc.record({ bytes: anyBytes, aborts: fc.boolean() }), { minLength: 1, maxLength: 8 });
  const anyPlans = fc.array(anyPlan, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), anyBounds, anyPlans, async (scheduler, { capacity, capacityBytes }, plans) => {
      const { sender, receiver } = new ChannelBench(capacity, capacityBytes);
      const pause = (label: string) => scheduler.schedule(Promise.resolve(), label);
      const produce = async (plan: (typeof plans)[number], producer: number): Promise<number[]> => {
        const sent: number[] = [];
        for (const [index, { bytes, aborts }] of plan.entries()) {
          const name = producer * 100 + index;
          const abort = new AbortController();
          if (aborts) void pause(`abort ${name}`).then(() => abort.abort());
          await sender.send({ name, bytes }, { signal: abort.signal }).then(
            () => sent.push(name),
            () => expect(aborts).toBe(true),
          );
          await pause(`after ${name}`);
        }
        return sent;
      };
      const consume = async (): Promise<number[]> => {
        const received: number[] = [];
        for await (const { name } of receiver) {
          received.push(name);
          await pause(`received ${name}`);
        }
        return received;
      };
      const consuming = consume();
      const sent = await scheduler.waitFor(Promise.all(plans.map(produce)));
      sender.close();
      const received = await scheduler.waitFor(consuming);
      const receivedOf = (producer: number) => received.filter((name) => Math.floor(name / 100) === producer);
      expect(plans.map((_, producer) => receivedOf(producer))).toEqual(sent);
    }),
    { numRuns: 200 },
  );
});
