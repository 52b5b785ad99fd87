import type { LimitWarning, QueueSnapshot } from '../../../protocol/index.js';
import { Outbox, type OutboxBounds } from '../../../src/session/index.js';
import { QueueRegistry } from '../../../src/tracking/index.js';
import { TestSink } from './sink.js';

export const ROOMY: OutboxBounds = {
  maxFrameBytes: 1_000_000,
  outputFrames: 64,
  outputBytes: 1_000_000,
  results: 64,
  resultBytes: 1_000_000,
  controlFrames: 100,
  reservedControlFrames: 20,
};

export interface TestOutbox {
  readonly outbox: Outbox;
  readonly sink: TestSink;
  readonly registry: QueueRegistry;
  readonly warnings: LimitWarning[];
  gauge(name: string): QueueSnapshot;
}

/** An outbox whose host does not read until it is told to, unless `stalled` is false. */
export function outboxOf(bounds: Partial<OutboxBounds> = {}, options: { stalled?: boolean } = {}): TestOutbox {
  const sink = new TestSink({ stalled: options.stalled ?? true });
  const registry = new QueueRegistry();
  const warnings: LimitWarning[] = [];
  registry.setLimitWarningHandler((warning) => warnings.push(warning));
  const outbox = new Outbox({ ...ROOMY, ...bounds, registry, sink });
  const gauge = (name: string) => registry.snapshot().find((snapshot) => snapshot.name === name)!;
  return { outbox, sink, registry, warnings, gauge };
}

/** Fills the one write that a stalled host still takes, so that what comes next waits. */
export async function blockWith(test: TestOutbox): Promise<void> {
  test.outbox.replaceable('first', { type: 'pong', id: 0, body: { first: true } });
  await new Promise((resolve) => setImmediate(resolve));
}
