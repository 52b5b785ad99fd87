import { describe, expect, it } from 'vitest';
import { effectiveLimitsSchema } from '../../protocol/index.js';
import { DEFAULT_EXECUTOR_CONFIG, defaultLimits } from '../../src/executor/index.js';
import { testConfig } from './support/tasks.js';

describe('the defaults of the executor', () => {
  it('are those that hosts rely on', () => {
    expect(DEFAULT_EXECUTOR_CONFIG).toMatchObject({
      maxConcurrentTasks: 10,
      defaultTimeoutMs: 30_000,
      defaultMemoryLimitBytes: 536_870_912,
      defaultCpuTimeLimitMs: 30_000,
      enableMonitoring: true,
      resultCacheSize: 1_000,
      workerPoolSize: 4,
      queueSize: 100,
    });
  });

  it('give a task that sets no limits a complete set of them', () => {
    expect(effectiveLimitsSchema.safeParse(defaultLimits(testConfig())).error).toBeUndefined();
  });
});
