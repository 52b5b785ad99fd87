import { describe, expect, it } from 'vitest';
import type { EnforcementTable, TaskLimitName } from '../../protocol/index.js';
import type { ExecutorConfig } from '../../src/executor/config.js';
import { toWireError } from '../../src/executor/errors.js';
import {
  applyDefaultLimits,
  generateExecutionId,
  isStreamedStdin,
  type ValidatedTask,
  validateTask,
} from '../../src/executor/validation.js';
import { testConfig, testLimits } from './support/tasks.js';

const kernel: EnforcementTable = {
  timeoutMs: 'timer',
  cpuTimeMs: 'cgroup-v2',
  memoryBytes: 'cgroup-v2',
  processes: 'cgroup-v2',
  outputBytes: 'counter',
  fileSizeBytes: 'rlimit',
  openFiles: 'rlimit',
  workspaceBytes: 'tmpfs',
  cpuPercent: 'unavailable',
};

function validate(
  task: unknown,
  config: Partial<ExecutorConfig> = {},
  enforcement: EnforcementTable = kernel,
): ValidatedTask {
  return validateTask(task, 'id', testConfig(config), enforcement);
}

/** The error by which a task is refused, as it crosses the wire. */
function refusal(...parameters: Parameters<typeof validate>) {
  try {
    validate(...parameters);
  } catch (error) {
    return toWireError(error);
  }
  throw new Error('the task was not refused');
}

describe('a valid task', () => {
  it('keeps what it says and gets its execution id and complete limits', () => {
    const { task, executionId, resourceLimits } = validate({ command: 'ls', limits: { timeoutMs: 5 } });
    expect(task).toEqual({ command: 'ls', limits: { timeoutMs: 5 } });
    expect(executionId).toBe('id');
    expect(resourceLimits).toEqual({ ...testLimits, timeoutMs: 5 });
  });

  it('may set every limit of its own', () => {
    const limits = {
      timeoutMs: 1,
      cpuTimeMs: 2,
      memoryBytes: 3,
      processes: 4,
      openFiles: 5,
      fileSizeBytes: 0,
      outputBytes: 0,
      workspaceBytes: 0,
      cpuPercent: 9,
    };
    expect(validate({ command: 'ls', limits }).resourceLimits).toEqual(limits);
  });

  it('gets an id that no other has', () => {
    expect(generateExecutionId()).not.toBe(generateExecutionId());
  });
});

describe('a task that is wrong', () => {
  it.each<[unknown, string, RegExp]>([
    [{}, 'command', /^command: .*missing/],
    [{ command: '' }, 'command', /^command: .*at least 1/],
    [{ command: 'ls', limits: { timeoutMs: -5 } }, 'limits.timeoutMs', /^limits.timeoutMs: .*>= 1.*got -5/],
    [{ command: 'ls', priority: 101 }, 'priority', /^priority: .*-100 to 100.*got 101/],
    [{ command: 'ls', args: ['a', 7] }, 'args[1]', /^args\[1\]: .*got 7/],
    ['ls', '', /^task: .*got "ls"/],
  ])('is refused with the field, the bound and the value: %j', (task, field, message) => {
    const error = refusal(task);
    expect(error).toMatchObject({ kind: 'validation', details: { code: 'invalid_task', field } });
    expect(error.message).toMatch(message);
  });

  it('is refused where the command policy forbids its command', () => {
    expect(refusal({ command: 'mkfs' })).toMatchObject({ kind: 'security' });
    expect(refusal({ command: 'ls' }, { commandPolicy: { allow: ['true'] } })).toMatchObject({ kind: 'security' });
  });

  it.each([
    [{ command: 'ls', cache: true, output: { mode: 'stream' } }, /output\.mode.*"stream"/],
    [{ command: 'ls', cache: true, stdin: { stream: true } }, /stdin.*\{stream: true\}/],
  ])('is refused where it can never be answered from the cache: %j', (task, message) => {
    const error = refusal(task);
    expect(error).toMatchObject({ kind: 'validation', details: { code: 'not_cacheable', field: 'cache' } });
    expect(error.message).toMatch(message);
  });

  it('is refused where its memory can never fit into the budget', () => {
    const config = { memoryBudgetBytes: 1_000 };
    expect(validate({ command: 'ls', limits: { memoryBytes: 1_000 } }, config).resourceLimits.memoryBytes).toBe(1_000);
    const error = refusal({ command: 'ls', limits: { memoryBytes: 1_001 } }, config);
    expect(error).toMatchObject({ kind: 'resource', details: { code: 'memory_budget', field: 'limits.memoryBytes' } });
    expect(error.message).toMatch(/1001 .*1000 .*memoryBudgetBytes/);
  });
});

describe('the memory budget', () => {
  it('lowers the default, so that a task that sets no limit always fits', () => {
    expect(validate({ command: 'ls' }, { memoryBudgetBytes: 1_000 }).resourceLimits.memoryBytes).toBe(1_000);
    expect(applyDefaultLimits({}, testConfig()).memoryBytes).toBe(536_870_912);
  });
});

describe('ceilings', () => {
  const config = testConfig({ limitCeilings: { timeoutMs: 100, cpuPercent: 200, memoryBytes: 10 ** 12 } });

  it('lower the defaults that lie above them, and leave the others', () => {
    expect(applyDefaultLimits({}, config)).toEqual({ ...testLimits, timeoutMs: 100, cpuPercent: 200 });
  });

  it('may be reached', () => {
    expect(applyDefaultLimits({ limits: { timeoutMs: 100 } }, config).timeoutMs).toBe(100);
  });

  it('refuse what lies above them, and name the limit, the value and the setting', () => {
    const error = refusal({ command: 'ls', limits: { timeoutMs: 101 } }, config);
    expect(error).toMatchObject({
      kind: 'validation',
      details: { code: 'limit_above_ceiling', field: 'limits.timeoutMs' },
    });
    expect(error.message).toBe('limits.timeoutMs: 101 is above the ceiling of 100 (setting limitCeilings.timeoutMs)');
  });
});

describe('a task that requires the kernel', () => {
  const task = { command: 'ls', require: 'kernel' };

  it('is accepted where every limit is enforced exactly, whatever the CPU rate is that it does not set', () => {
    expect(validate(task).task.require).toBe('kernel');
  });

  it.each<[TaskLimitName, 'sampled' | 'unavailable']>([
    ['memoryBytes', 'sampled'],
    ['cpuTimeMs', 'sampled'],
    ['processes', 'unavailable'],
    ['workspaceBytes', 'sampled'],
  ])('is refused where %s is %s', (limit, mechanism) => {
    const error = refusal(task, {}, { ...kernel, [limit]: mechanism });
    expect(error).toMatchObject({ kind: 'sandbox', details: { code: 'not_kernel_enforced', limits: [limit] } });
    expect(error.message).toContain(`${limit} (${mechanism})`);
  });

  it('is refused where it sets a CPU rate that nobody enforces', () => {
    expect(refusal({ ...task, limits: { cpuPercent: 50 } })).toMatchObject({ details: { limits: ['cpuPercent'] } });
  });

  it('is the only kind that cares', () => {
    expect(validate({ command: 'ls', require: 'any' }, {}, { ...kernel, memoryBytes: 'sampled' }).task.command).toBe(
      'ls',
    );
  });
});

describe('streamed stdin', () => {
  it('is told from stdin that is given whole, and from none', () => {
    expect(isStreamedStdin({ stream: true })).toBe(true);
    for (const stdin of [undefined, '', 'text', new Uint8Array(1)]) expect(isStreamedStdin(stdin)).toBe(false);
  });
});
