import type { TaskHandle } from '../../clients/node/index.js';
import type { TaskResult, TaskStatus } from '../../protocol/index.js';

/** Counts what became of the tasks of a soak. It keeps nothing of them but the last execution id. */
export class Tally {
  readonly byStatus: Partial<Record<TaskStatus, number>> = {};
  /** Tasks that were cancelled before they were sent: the sidecar never knew them. */
  unsent = 0;
  /** Tasks that were sent, and whose result the host has not waited for. */
  abandoned = 0;
  /** The last task that has run, to be looked up. */
  lastExecutionId: string | undefined;

  /** Tasks that were sent. */
  get sent(): number {
    return Object.values(this.byStatus).reduce((sum, count) => sum + count, 0) + this.abandoned;
  }

  /** Waits for the result of a task, and counts it. */
  async result(handle: TaskHandle): Promise<TaskResult> {
    const result = await handle.result;
    this.count(result);
    return result;
  }

  count({ status, executionId }: Pick<TaskResult, 'status' | 'executionId'>): void {
    if (executionId === '') {
      this.unsent += 1;
      return;
    }
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1;
    this.lastExecutionId = executionId;
  }
}
