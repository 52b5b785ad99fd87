import { describe, expect, it } from 'vitest';
import { limitWarningSchema, queueSnapshotSchema } from '../../protocol/index.js';
import { QueueRegistry, type TrackedLimit, trackedLimits } from '../../src/tracking/index.js';
import { createKeepingLogger } from '../support/logs.js';
import { brief, recordingRegistry } from './support/recording.js';

const everyLimit = Object.keys(trackedLimits) as TrackedLimit[];

describe('a registry', () => {
  it('shows its gauges in the order in which they were registered', () => {
    const { registry } = recordingRegistry();
    registry.register({ limit: 'outputQueue', capacity: 10 });
    registry.register({ limit: 'inboxQueue', capacity: 20 });
    registry.register({ limit: 'cpuTimeMs', capacity: 30, scope: 'execution-1' });
    expect(registry.snapshot().map(({ name, scope }) => [name, scope])).toEqual([
      ['outputQueue', 'sidecar'],
      ['inboxQueue', 'sidecar'],
      ['cpuTimeMs', 'execution-1'],
    ]);
  });

  it('knows nothing of the gauges of another', () => {
    const one = recordingRegistry();
    const other = recordingRegistry();
    one.registry.register({ limit: 'inboxQueue', capacity: 10 }).observeDepth(8);
    expect(other.registry.snapshot()).toEqual([]);
    expect(other.warnings).toEqual([]);
  });

  it('numbers its warnings one after the other, whatever they are about', () => {
    const { registry, warnings } = recordingRegistry();
    const inbox = registry.register({ limit: 'inboxQueue', capacity: 10 });
    inbox.observeDepth(8);
    registry.register({ limit: 'cpuTimeMs', capacity: 10, scope: 'execution-1' }).observeDepth(9);
    inbox.observeDepth(2);
    registry.warnLimitExhausted({ limit: 'memoryBytes', observed: 10, capacity: 10, scope: 'execution-1' });
    expect(warnings.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it.each(everyLimit)('warns about %s in the words of the wire protocol', (limit) => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit, capacity: 10 });
    gauge.observeDepth(10);
    registry.warnLimitExhausted({ limit, observed: 10, capacity: 10 });
    gauge.observeDepth(0);
    expect(warnings.map(({ kind }) => kind)).toEqual(['near', 'exhausted', 'recovered']);
    for (const warning of warnings) expect(limitWarningSchema.strict().parse(warning)).toEqual(warning);
    const [snapshot] = registry.snapshot();
    expect(queueSnapshotSchema.strict().parse(snapshot)).toEqual(snapshot);
    const { category, unit, configKey } = trackedLimits[limit];
    expect(warnings[0]).toMatchObject({ limit, category, unit, configKey });
    expect(snapshot).toMatchObject({ name: limit, category, unit });
  });
});

describe('the log', () => {
  it('has a warning as a warn line with its fields and a recovery as an info line', () => {
    const logger = createKeepingLogger();
    const registry = new QueueRegistry({ logger });
    const gauge = registry.register({ limit: 'schedulerQueue', capacity: 10 });
    gauge.observeDepth(8);
    registry.warnLimitExhausted({ limit: 'timeoutMs', observed: 1_005, capacity: 1_000, scope: 'execution-1' });
    gauge.observeDepth(3);
    expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'schedulerQueue is at 80 %: 8 of 10 tasks (setting queueSize)'],
      ['warn', 'timeoutMs is exhausted: 1005 of 1000 ms (setting limits.timeoutMs)'],
      ['info', 'schedulerQueue has recovered: 3 of 10 tasks (setting queueSize)'],
    ]);
    expect(logger.lines[1]!.fields).toMatchObject({ limitWarning: { limit: 'timeoutMs', scope: 'execution-1' } });
  });

  it('goes to the logger that was set last', () => {
    const [before, after] = [createKeepingLogger(), createKeepingLogger()];
    const registry = new QueueRegistry({ logger: before });
    registry.setLogger(after);
    registry.register({ limit: 'schedulerQueue', capacity: 10 }).observeDepth(8);
    expect(before.lines).toEqual([]);
    expect(after.lines).toHaveLength(1);
  });

  it('has a debug line for each live queue on demand', () => {
    const logger = createKeepingLogger();
    const registry = new QueueRegistry({ logger });
    registry.register({ limit: 'inboxQueue', capacity: 10 }).enqueue();
    registry.register({ limit: 'memoryBudget', capacity: 4 }).observeDepth(1);
    registry.register({ limit: 'outputQueue', capacity: 10 }).close();
    registry.logSnapshot();
    expect(logger.lines).toEqual([
      {
        level: 'debug',
        message: 'inboxQueue is at 10 %: 1 of 10 items, at most 1 so far, 0 waiting',
        fields: { queue: expect.objectContaining({ name: 'inboxQueue', depth: 1 }) },
      },
      {
        level: 'debug',
        message: 'memoryBudget is at 25 %: 1 of 4 bytes, at most 1 so far, 0 waiting',
        fields: { queue: expect.objectContaining({ name: 'memoryBudget', depth: 1 }) },
      },
    ]);
  });

  it('may throw without anybody noticing', () => {
    const { registry, warnings } = recordingRegistry();
    const fail = () => {
      throw new Error('the disk is full');
    };
    registry.setLogger({ debug: fail, info: fail, warn: fail, error: fail });
    const gauge = registry.register({ limit: 'schedulerQueue', capacity: 10 });
    gauge.observeDepth(8);
    gauge.observeDepth(0);
    registry.logSnapshot();
    expect(warnings.map(brief)).toEqual(['schedulerQueue near 8/10 tasks', 'schedulerQueue recovered 0/10 tasks']);
  });
});
