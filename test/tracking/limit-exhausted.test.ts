import { describe, expect, it } from 'vitest';
import { brief, recordingRegistry } from './support/recording.js';

describe('warnLimitExhausted', () => {
  it('needs no gauge', () => {
    const { registry, warnings } = recordingRegistry();
    registry.warnLimitExhausted({ limit: 'timeoutMs', observed: 1_004, capacity: 1_000, scope: 'execution-1' });
    expect(warnings).toEqual([
      {
        limit: 'timeoutMs',
        category: 'resource',
        observed: 1_004,
        capacity: 1_000,
        fillPercent: 100,
        kind: 'exhausted',
        unit: 'ms',
        scope: 'execution-1',
        seq: 1,
        at: expect.any(Number),
        configKey: 'limits.timeoutMs',
      },
    ]);
  });

  it('is about the sidecar, and its setting from the catalogue, where nothing else is said', () => {
    const { registry, warnings } = recordingRegistry();
    registry.warnLimitExhausted({ limit: 'memoryBudget', observed: 10, capacity: 10 });
    registry.warnLimitExhausted({ limit: 'activeTasks', observed: 10, capacity: 10, configKey: 'other' });
    expect(warnings).toMatchObject([
      { scope: 'sidecar', configKey: 'memoryBudgetBytes' },
      { scope: 'sidecar', configKey: 'other' },
    ]);
  });

  it('comes after near where the gauge has warned', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'outputBytes', capacity: 10, scope: 'execution-1' });
    gauge.observeDepth(8);
    registry.warnLimitExhausted({ limit: 'outputBytes', observed: 12, capacity: 10, scope: 'execution-1' });
    expect(warnings.map(brief)).toEqual(['outputBytes near 8/10 bytes', 'outputBytes exhausted 12/10 bytes']);
  });

  it('is preceded by near where the gauge has seen nothing come', () => {
    const { registry, warnings } = recordingRegistry();
    registry.register({ limit: 'memoryBytes', capacity: 10, scope: 'execution-1' }).observeDepth(3);
    registry.warnLimitExhausted({ limit: 'memoryBytes', observed: 10, capacity: 10, scope: 'execution-1' });
    expect(warnings.map(brief)).toEqual(['memoryBytes near 10/10 bytes', 'memoryBytes exhausted 10/10 bytes']);
  });

  it('does not disturb gauges of other limits, other scopes, of no capacity, or closed ones', () => {
    const { registry, warnings } = recordingRegistry();
    registry.register({ limit: 'cpuTimeMs', capacity: 10, scope: 'execution-1' });
    registry.register({ limit: 'memoryBytes', capacity: 10, scope: 'execution-2' });
    registry.register({ limit: 'memoryBytes', capacity: 0, scope: 'execution-1' });
    registry.register({ limit: 'memoryBytes', capacity: 10, scope: 'execution-1' }).close();
    registry.warnLimitExhausted({ limit: 'memoryBytes', observed: 10, capacity: 10, scope: 'execution-1' });
    expect(warnings.map(({ kind }) => kind)).toEqual(['exhausted']);
  });

  it('is said once for a limit of a task, even if the gauge recovers or is gone', () => {
    const { registry, warnings } = recordingRegistry();
    const exhaustion = { limit: 'processes', observed: 10, capacity: 10, scope: 'execution-1' } as const;
    const gauge = registry.register({ limit: 'processes', capacity: 10, scope: 'execution-1' });
    registry.warnLimitExhausted(exhaustion);
    registry.warnLimitExhausted(exhaustion);
    gauge.observeDepth(0);
    registry.warnLimitExhausted(exhaustion);
    gauge.close();
    registry.warnLimitExhausted(exhaustion);
    expect(warnings.map(({ kind }) => kind)).toEqual(['near', 'exhausted', 'recovered']);
  });

  it('is said for every task', () => {
    const { registry, warnings } = recordingRegistry();
    for (const scope of ['execution-1', 'execution-2']) {
      registry.warnLimitExhausted({ limit: 'timeoutMs', observed: 10, capacity: 10, scope });
    }
    expect(warnings.map(({ scope }) => scope)).toEqual(['execution-1', 'execution-2']);
  });

  it('is said again for a limit of the sidecar when its gauge has recovered in between', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'memoryBudget', capacity: 10 });
    const strike = () => registry.warnLimitExhausted({ limit: 'memoryBudget', observed: 10, capacity: 10 });
    gauge.observeDepth(10);
    strike();
    strike();
    gauge.observeDepth(6);
    strike();
    gauge.observeDepth(5);
    strike();
    expect(warnings.map(({ kind }) => kind)).toEqual(['near', 'exhausted', 'recovered', 'near', 'exhausted']);
  });

  it('remembers a thousand limits and forgets the oldest', () => {
    const { registry, warnings } = recordingRegistry();
    const strike = (task: number) =>
      registry.warnLimitExhausted({ limit: 'timeoutMs', observed: 1, capacity: 1, scope: `execution-${task}` });
    for (let task = 1; task <= 1_001; task += 1) strike(task);
    strike(2);
    strike(1_001);
    expect(warnings).toHaveLength(1_001);
    strike(1);
    expect(warnings).toHaveLength(1_002);
  });
});
