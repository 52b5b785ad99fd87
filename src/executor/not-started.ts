import type { TaskResult, TaskTiming, WireError } from '../../protocol/index.js';
import type { TaskHandle } from './task-handle.js';
import { notRunResult } from './task-result.js';

/** The result of a task that never ran, because it was cancelled before or because of `error`. */
export function notStarted(handle: TaskHandle, error: WireError | undefined, timing: Partial<TaskTiming>): TaskResult {
  const { task, resourceLimits, executionId } = handle.validated;
  return notRunResult({
    executionId,
    status: handle.termination.cause?.status === 'cancelled' ? 'cancelled' : 'notExecuted',
    error: error ?? { kind: 'execution', message: 'the task was not started' },
    limits: resourceLimits,
    label: task.label,
    timing,
  });
}
