import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LimitWarning } from '../../protocol/index.js';
import type { QueueGauge } from '../../src/tracking/index.js';
import { GaugeModel, type ModelWarning } from './support/gauge-model.js';
import { recordingRegistry } from './support/recording.js';

interface Real {
  readonly gauge: QueueGauge;
  readonly warnings: readonly LimitWarning[];
}

type GaugeCommand = fc.Command<GaugeModel, Real>;

/** Does the same to the gauge and to its model, and compares what can be seen of both. */
function command(
  name: string,
  onModel: (model: GaugeModel) => void,
  onGauge: (gauge: QueueGauge) => void,
): GaugeCommand {
  return {
    check: () => true,
    run(model, { gauge, warnings }) {
      onModel(model);
      onGauge(gauge);
      expect(warnings.map(visible)).toEqual(model.warnings);
      const { depth, depthBytes, highWater } = gauge.snapshot();
      expect({ depth, depthBytes, highWater }).toEqual({
        depth: model.capacity === 0 ? model.depth : Math.min(model.depth, model.capacity),
        depthBytes: model.capacityBytes === undefined ? undefined : model.depthBytes,
        highWater: model.highWater,
      });
    },
    toString: () => name,
  };
}

function visible({ kind, observed, capacity, fillPercent, unit }: LimitWarning): ModelWarning {
  return { kind: kind as ModelWarning['kind'], observed, capacity, fillPercent, unit };
}

const enqueue = (bytes: number, items: number) =>
  command(
    `enqueue(${bytes}, ${items})`,
    (model) => model.set(model.depth + items, model.depthBytes + bytes),
    (gauge) => gauge.enqueue(bytes, items),
  );

const dequeue = (bytes: number, items: number) =>
  command(
    `dequeue(${bytes}, ${items})`,
    (model) => model.set(model.depth - items, model.depthBytes - bytes),
    (gauge) => gauge.dequeue(bytes, items),
  );

const observe = (depth: number, depthBytes: number) =>
  command(
    `observeDepth(${depth}, ${depthBytes})`,
    (model) => model.set(depth, depthBytes),
    (gauge) => gauge.observeDepth(depth, depthBytes),
  );

const smallCount = fc.nat(4);
const smallBytes = fc.nat(40);

function commandsUpTo(capacity: number, capacityBytes: number): fc.Arbitrary<Iterable<GaugeCommand>> {
  return fc.commands(
    [
      fc.tuple(smallBytes, smallCount).map(([bytes, items]) => enqueue(bytes, items)),
      fc.tuple(smallBytes, smallCount).map(([bytes, items]) => dequeue(bytes, items)),
      fc.tuple(depthAbout(capacity), depthAbout(capacityBytes)).map(([depth, bytes]) => observe(depth, bytes)),
    ],
    { maxCommands: 60, size: 'max' },
  );
}

/** Depths up to somewhat above the capacity, most of them next to one of the edges. */
function depthAbout(capacity: number): fc.Arbitrary<number> {
  const edges = [50, 80, 100].map((percent) => Number((BigInt(capacity) * BigInt(percent)) / 100n));
  const nearEdge = fc
    .tuple(fc.constantFrom(0, ...edges), fc.integer({ min: -2, max: 2 }))
    .map(([edge, offset]) => edge + offset);
  const anywhere = fc.nat(Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(capacity * 1.2)));
  return fc.oneof(nearEdge, anywhere).map((depth) => Math.min(Math.max(0, depth), Number.MAX_SAFE_INTEGER));
}

const anyCapacity = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 2, arbitrary: fc.nat() },
  { weight: 1, arbitrary: fc.integer({ min: 2 ** 46, max: Number.MAX_SAFE_INTEGER }) },
);
const anyCapacityBytes = fc.option(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.maxSafeNat()), { nil: undefined });

test('a gauge warns exactly at the edges, whatever happens to its queue', () => {
  const scenario = fc
    .tuple(anyCapacity, anyCapacityBytes)
    .chain(([capacity, capacityBytes]) =>
      fc.tuple(fc.constant({ capacity, capacityBytes }), commandsUpTo(capacity, capacityBytes ?? 100)),
    );
  fc.assert(
    fc.property(scenario, ([{ capacity, capacityBytes }, commands]) => {
      fc.modelRun(() => {
        const { registry, warnings } = recordingRegistry();
        const bounds = { capacity, ...(capacityBytes !== undefined && { capacityBytes }) };
        const gauge = registry.register({ limit: 'outputQueue', ...bounds });
        return { model: new GaugeModel(capacity, capacityBytes, 'items'), real: { gauge, warnings } };
      }, commands);
    }),
    { numRuns: 500 },
  );
});

test('near and recovered alternate, beginning with near', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(12), { maxLength: 200 }), (depths) => {
      const { registry, warnings } = recordingRegistry();
      const gauge = registry.register({ limit: 'schedulerQueue', capacity: 10 });
      for (const depth of depths) gauge.observeDepth(depth);
      expect(warnings.map(({ kind }) => kind)).toEqual(
        warnings.map((_, index) => (index % 2 === 0 ? 'near' : 'recovered')),
      );
      expect(warnings.map(({ seq }) => seq)).toEqual(warnings.map((_, index) => index + 1));
    }),
  );
});
