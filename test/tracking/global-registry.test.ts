import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { LimitWarning } from '../../protocol/index.js';
import {
  logQueueSnapshot,
  type QueueGauge,
  QueueRegistry,
  queueSnapshot,
  registerLimit,
  registerQueue,
  setLimitWarningHandler,
  type TrackedLimit,
  trackedLimits,
  warnLimitExhausted,
} from '../../src/tracking/index.js';
import { createKeepingLogger } from '../support/logs.js';
import { brief } from './support/recording.js';

describe('the registry of the process', () => {
  const gauges: QueueGauge[] = [];

  afterEach(() => {
    for (const gauge of gauges.splice(0)) gauge.close();
    setLimitWarningHandler(null);
  });

  it('is what the free functions work on', () => {
    const warnings: LimitWarning[] = [];
    setLimitWarningHandler((warning) => warnings.push(warning));
    const queue = registerQueue({ limit: 'inboxQueue', capacity: 10 });
    const budget = registerLimit({ limit: 'memoryBudget', capacity: 100 });
    gauges.push(queue, budget);
    queue.observeDepth(8);
    budget.observeDepth(90);
    warnLimitExhausted({ limit: 'memoryBudget', observed: 100, capacity: 100 });
    expect(queueSnapshot()).toEqual([queue.snapshot(), budget.snapshot()]);
    expect(QueueRegistry.global.snapshot()).toEqual(queueSnapshot());
    expect(warnings.map(brief)).toEqual([
      'inboxQueue near 8/10 items',
      'memoryBudget near 90/100 bytes',
      'memoryBudget exhausted 100/100 bytes',
    ]);
  });

  it('logs its snapshot to its logger', () => {
    const logger = createKeepingLogger();
    QueueRegistry.global.setLogger(logger);
    gauges.push(registerQueue({ limit: 'outputQueue', capacity: 10 }));
    logQueueSnapshot();
    expect(logger.lines).toMatchObject([{ level: 'debug', fields: { queue: { name: 'outputQueue' } } }]);
  });

  it('takes queues and other limits through different doors', () => {
    type Registered<Register extends (options: never) => unknown> = Register extends (options: {
      limit: infer Limit;
      capacity: number;
    }) => unknown
      ? Limit
      : never;
    type Queue = Registered<typeof registerQueue>;
    type Observed = Registered<typeof registerLimit>;
    expectTypeOf<Queue & Observed>().toEqualTypeOf<never>();
    expectTypeOf<Queue | Observed>().toEqualTypeOf<TrackedLimit>();
    const queues = {
      inboxQueue: true,
      schedulerQueue: true,
      outputQueue: true,
      resultQueue: true,
      controlQueue: true,
    } satisfies Record<Queue, true>;
    const categorized = Object.entries(trackedLimits).filter(([, { category }]) => category === 'queue');
    expect(Object.keys(queues).sort()).toEqual(categorized.map(([limit]) => limit).sort());
  });
});
