import { describe, expect, it } from 'vitest';
import type { TaskResult } from '../../protocol/index.js';
import { exitCodeOfResult } from '../../src/cli/exit-code.js';
import { successfulResult } from '../executor/support/tasks.js';

const notFound = { kind: 'execution', message: '', details: { code: 'command_not_found' } } as const;
const invalid = { kind: 'validation', message: '', details: { code: 'invalid_task' } } as const;

describe('the exit code of a command', () => {
  it.each<[string, Partial<TaskResult>, number]>([
    ['that succeeds', { exitCode: 0 }, 0],
    ['that fails', { status: 'failure', exitCode: 3 }, 3],
    ['that ends by a signal', { status: 'failure', exitCode: null, signal: 'SIGTERM' }, 143],
    ['that ends by a signal of its own', { status: 'failure', exitCode: null, signal: 'SIGSEGV' }, 139],
    ['that takes too long', { status: 'timeout', exitCode: null, signal: 'SIGKILL' }, 124],
    ['that takes too long and then exits by itself', { status: 'timeout', exitCode: 0 }, 124],
    ['that takes too much memory', { status: 'memoryLimitExceeded', exitCode: null, signal: 'SIGKILL' }, 137],
    ['that exceeds its CPU time', { status: 'cpuLimitExceeded', exitCode: null, signal: 'SIGXCPU' }, 152],
    ['that exceeds a limit and yet exits with 0', { status: 'outputLimitExceeded', exitCode: 0 }, 137],
    ['that is cancelled', { status: 'cancelled', exitCode: null, signal: null }, 137],
    ['that is not found', { status: 'notExecuted', exitCode: null, error: notFound }, 127],
    ['that is not executed for another reason', { status: 'notExecuted', exitCode: null, error: invalid }, 126],
    ['that ends by a signal nobody knows', { status: 'failure', exitCode: null, signal: 'SIGRT99' }, 137],
  ])('%s', (_what, result, exitCode) => {
    expect(exitCodeOfResult(successfulResult(result))).toBe(exitCode);
  });
});
