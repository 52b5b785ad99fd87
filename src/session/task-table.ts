import type { LimitWarning, TaskSummary } from '../../protocol/index.js';
import { ProtocolFault } from '../../protocol/wire.js';
import type { TaskHandle } from '../executor/index.js';
import type { TaskFrames } from './task-frames.js';

/** A task of the host that has no result on its way yet. `handle` is null for one that was refused. */
export interface HostTask {
  readonly id: number;
  readonly frames: TaskFrames;
  handle: TaskHandle | null;
}

/** The ids that are in use, of tasks and of queries: one space for both. */
export class TaskTable {
  readonly #tasks = new Map<number, HostTask>();
  readonly #ids = new Map<string, number>();
  readonly #queries = new Set<number>();

  /**
   * Reserves an id for a query.
   * @throws ProtocolFault `duplicate_id`
   */
  openQuery(id: number): void {
    this.#checkUnused(id);
    this.#queries.add(id);
  }

  /** The answer is on its way: the id is free. */
  closeQuery(id: number): void {
    this.#queries.delete(id);
  }

  get unansweredQueries(): number {
    return this.#queries.size;
  }

  /**
   * Reserves an id for a task.
   * @throws ProtocolFault `duplicate_id`
   */
  openTask(id: number, frames: TaskFrames): HostTask {
    this.#checkUnused(id);
    const task: HostTask = { id, frames, handle: null };
    this.#tasks.set(id, task);
    return task;
  }

  /** The task was found good. */
  identify(task: HostTask, handle: TaskHandle): void {
    task.handle = handle;
    task.frames.identify(handle.executionId);
    this.#ids.set(handle.executionId, task.id);
  }

  /** The result is on its way: the id is free. */
  closeTask(id: number): void {
    const task = this.#tasks.get(id);
    if (task?.handle) this.#ids.delete(task.handle.executionId);
    this.#tasks.delete(id);
  }

  get unfinishedTasks(): number {
    return this.#tasks.size;
  }

  task(id: number): HostTask | undefined {
    return this.#tasks.get(id);
  }

  *tasks(): Iterable<HostTask> {
    yield* this.#tasks.values();
  }

  /** Gives a warning of a task to that task. False where the task has its result already, or was never the host's. */
  warn(warning: LimitWarning): boolean {
    const task = this.#tasks.get(this.#ids.get(warning.scope) ?? 0);
    task?.frames.warn(warning);
    return task !== undefined;
  }

  summaries(): TaskSummary[] {
    const now = performance.now();
    return [...this.#tasks.values()].flatMap(({ id, handle }) => (handle === null ? [] : [summary(id, handle, now)]));
  }

  #checkUnused(id: number): void {
    if (!this.#tasks.has(id) && !this.#queries.has(id)) return;
    const user = this.#tasks.has(id) ? 'a task that has no result yet' : 'a question that is not answered yet';
    throw new ProtocolFault('duplicate_id', `id ${id} is in use by ${user}`, { id });
  }
}

/** A command may be as long as a frame; so much of it is told in a summary, in UTF-16 code units. */
const SHOWN_COMMAND_CHARACTERS = 256;

function summary(id: number, handle: TaskHandle, now: number): TaskSummary {
  const { task } = handle.validated;
  return {
    id,
    executionId: handle.executionId,
    ...(task.label === undefined ? {} : { label: task.label }),
    command: task.command.slice(0, SHOWN_COMMAND_CHARACTERS),
    state: handle.state === 'done' ? 'finishing' : handle.state,
    priority: handle.priority,
    ageMs: Math.round(now - handle.enqueuedAt),
  };
}
