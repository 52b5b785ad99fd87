import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LimitWarning } from '../../protocol/index.js';
import { type QueueGauge, QueueRegistry } from '../../src/tracking/index.js';
import { createKeepingLogger } from '../support/logs.js';
import { brief, recordingRegistry } from './support/recording.js';

function cycle(gauge: QueueGauge): void {
  gauge.observeDepth(gauge.capacity);
  gauge.observeDepth(0);
}

describe('a limit warning handler', () => {
  it('is called on the turn of the producer', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 1 });
    gauge.enqueue();
    expect(warnings).toHaveLength(1);
  });

  it('may throw: the producer never notices, and it is logged once', () => {
    const logger = createKeepingLogger();
    const registry = new QueueRegistry({ logger });
    const failure = new Error('the host is confused');
    let calls = 0;
    registry.setLimitWarningHandler(() => {
      calls += 1;
      throw failure;
    });
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 10 });
    cycle(gauge);
    cycle(gauge);
    expect(calls).toBe(4);
    const errors = logger.lines.filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ fields: { err: failure } }]);
  });

  it('may reject: that is logged as well and is no unhandled rejection', async () => {
    const logger = createKeepingLogger();
    const registry = new QueueRegistry({ logger });
    const failure = new Error('too late');
    registry.setLimitWarningHandler(async () => {
      throw failure;
    });
    registry.register({ limit: 'inboxQueue', capacity: 10 }).observeDepth(8);
    await nextTurn();
    expect(logger.lines.filter(({ level }) => level === 'error')).toMatchObject([{ fields: { err: failure } }]);
  });

  it('has its failure logged anew when another one was set', () => {
    const logger = createKeepingLogger();
    const registry = new QueueRegistry({ logger });
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 10 });
    for (const message of ['first', 'second']) {
      registry.setLimitWarningHandler(() => {
        throw new Error(message);
      });
      cycle(gauge);
    }
    const errors = logger.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => (fields as { err: Error }).err.message)).toEqual(['first', 'second']);
  });

  it('may cause warnings itself: they come after the one that it is being given', () => {
    const registry = new QueueRegistry();
    const inbox = registry.register({ limit: 'inboxQueue', capacity: 10 });
    const output = registry.register({ limit: 'outputQueue', capacity: 10 });
    const events: string[] = [];
    registry.setLimitWarningHandler((warning) => {
      events.push(`begin ${warning.limit} ${warning.seq}`);
      if (warning.limit === 'inboxQueue') output.observeDepth(10);
      events.push(`end ${warning.limit} ${warning.seq}`);
    });
    inbox.observeDepth(10);
    expect(events).toEqual(['begin inboxQueue 1', 'end inboxQueue 1', 'begin outputQueue 2', 'end outputQueue 2']);
  });

  it('takes the place of the one before it', () => {
    const { registry, warnings } = recordingRegistry();
    const later: LimitWarning[] = [];
    registry.setLimitWarningHandler((warning) => later.push(warning));
    registry.register({ limit: 'inboxQueue', capacity: 10 }).observeDepth(8);
    expect(warnings).toEqual([]);
    expect(later.map(brief)).toEqual(['inboxQueue near 8/10 items']);
  });
});

describe('warnings that nobody takes', () => {
  it('are delivered, in their order, as soon as there is a handler', () => {
    const registry = new QueueRegistry();
    registry.register({ limit: 'inboxQueue', capacity: 10 }).observeDepth(8);
    registry.register({ limit: 'memoryBudget', capacity: 10 }).observeDepth(9);
    registry.warnLimitExhausted({ limit: 'memoryBudget', observed: 10, capacity: 10 });
    const warnings: LimitWarning[] = [];
    registry.setLimitWarningHandler((warning) => warnings.push(warning));
    expect(warnings.map(brief)).toEqual([
      'inboxQueue near 8/10 items',
      'memoryBudget near 9/10 bytes',
      'memoryBudget exhausted 10/10 bytes',
    ]);
    expect(warnings.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('are delivered once', () => {
    const registry = new QueueRegistry();
    registry.register({ limit: 'inboxQueue', capacity: 10 }).observeDepth(8);
    const warnings: LimitWarning[] = [];
    registry.setLimitWarningHandler((warning) => warnings.push(warning));
    registry.setLimitWarningHandler(null);
    registry.setLimitWarningHandler((warning) => warnings.push(warning));
    expect(warnings).toHaveLength(1);
  });

  it('are kept for the next handler when one was removed', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 10 });
    registry.setLimitWarningHandler(null);
    gauge.observeDepth(8);
    expect(warnings).toEqual([]);
    registry.setLimitWarningHandler((warning) => warnings.push(warning));
    expect(warnings.map(brief)).toEqual(['inboxQueue near 8/10 items']);
  });

  it('stay behind when a handler removes itself while it is given them', () => {
    const registry = new QueueRegistry();
    registry.register({ limit: 'inboxQueue', capacity: 10 }).observeDepth(8);
    registry.register({ limit: 'outputQueue', capacity: 10 }).observeDepth(8);
    const taken: string[] = [];
    const takeOne = (warning: LimitWarning) => {
      taken.push(warning.limit);
      registry.setLimitWarningHandler(null);
    };
    registry.setLimitWarningHandler(takeOne);
    expect(taken).toEqual(['inboxQueue']);
    registry.setLimitWarningHandler(takeOne);
    expect(taken).toEqual(['inboxQueue', 'outputQueue']);
  });

  it('are conflated: of each scope, limit and kind the newest is left', () => {
    const registry = new QueueRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 10 });
    const task = registry.register({ limit: 'memoryBytes', capacity: 10, scope: 'execution-1' });
    cycle(gauge);
    task.observeDepth(9);
    cycle(gauge);
    gauge.observeDepth(8);
    const warnings: LimitWarning[] = [];
    registry.setLimitWarningHandler((warning) => warnings.push(warning));
    expect(warnings.map((warning) => [warning.seq, brief(warning)])).toEqual([
      [3, 'memoryBytes near 9/10 bytes'],
      [5, 'inboxQueue recovered 0/10 items'],
      [6, 'inboxQueue near 8/10 items'],
    ]);
  });

  it('are at most 256, of which the oldest of tasks give way and never those of the sidecar', () => {
    const registry = new QueueRegistry();
    registry.register({ limit: 'inboxQueue', capacity: 10 }).observeDepth(8);
    for (let task = 1; task <= 300; task += 1) {
      registry.register({ limit: 'memoryBytes', capacity: 10, scope: `execution-${task}` }).observeDepth(8);
    }
    const scopes: string[] = [];
    registry.setLimitWarningHandler(({ scope }) => scopes.push(scope));
    const newest = Array.from({ length: 255 }, (_, index) => `execution-${index + 46}`);
    expect(scopes).toEqual(['sidecar', ...newest]);
  });
});
