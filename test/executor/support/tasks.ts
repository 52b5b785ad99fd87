import { type EffectiveLimits, type Task, type TaskResult, UNKNOWN_USAGE } from '../../../protocol/index.js';
import { DEFAULT_EXECUTOR_CONFIG, defaultLimits, type ExecutorConfig } from '../../../src/executor/config.js';
import { notRunResult } from '../../../src/executor/task-result.js';
import type { ValidatedTask } from '../../../src/executor/validation.js';

const GIB = 1_073_741_824;

/** The executor's defaults, with a memory budget that does not depend on the machine. */
export function testConfig(overrides: Partial<ExecutorConfig> = {}): ExecutorConfig {
  return { ...DEFAULT_EXECUTOR_CONFIG, memoryBudgetBytes: 8 * GIB, ...overrides };
}

export const testLimits: EffectiveLimits = defaultLimits(testConfig());

let executions = 0;

/** A task as it is after validation, without the checks. */
export function validatedTask(task: Partial<Task> = {}, limits: Partial<EffectiveLimits> = {}): ValidatedTask {
  executions += 1;
  return {
    task: { command: 'true', ...task },
    resourceLimits: { ...testLimits, ...limits },
    executionId: `execution-${executions}`,
  };
}

/** The result of a task that ran and succeeded, unless the overrides say otherwise. */
export function successfulResult(overrides: Partial<TaskResult> = {}): TaskResult {
  const { error: _none, ...base } = notRunResult({
    executionId: 'execution',
    status: 'notExecuted',
    error: { kind: 'execution', message: '' },
    limits: testLimits,
  });
  return { ...base, status: 'success', exitCode: 0, usage: { ...UNKNOWN_USAGE, wallMs: 5 }, ...overrides };
}
