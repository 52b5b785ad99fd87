import type { SignalName, TaskResult } from '../../protocol/index.js';
import type { SandboxProcess } from '../sandbox/backend.js';
import type { ScheduledTask } from './scheduler.js';
import { shortened } from './shortened.js';
import type { StdinQueue } from './stdin-queue.js';
import type { TaskListener } from './task-listener.js';
import { Termination } from './termination.js';
import type { ValidatedTask } from './validation.js';

/** Where a task is on its way: received and not yet queued, queued, running, or with its result under way. */
export type TaskState = 'received' | 'queued' | 'running' | 'finishing' | 'done';

/** One accepted task from its submission to its result. */
export class TaskHandle implements ScheduledTask {
  readonly validated: ValidatedTask;
  readonly listener: Required<TaskListener>;
  /** Streamed stdin, where the task asked for it. */
  readonly stdin: StdinQueue | null;
  readonly byteLength: number;
  readonly enqueuedAt = performance.now();
  readonly termination = new Termination();
  /** Resolves with the one result of the task. Never rejects. */
  readonly result: Promise<TaskResult>;
  #resolveResult!: (result: TaskResult) => void;
  #state: TaskState = 'received';
  #process: SandboxProcess | null = null;
  #concluded = false;

  constructor(
    validated: ValidatedTask,
    options: { listener: Required<TaskListener>; stdin: StdinQueue | null; byteLength: number },
  ) {
    this.validated = validated;
    this.listener = options.listener;
    this.stdin = options.stdin;
    this.byteLength = options.byteLength;
    this.result = new Promise((resolve) => {
      this.#resolveResult = resolve;
    });
  }

  get executionId(): string {
    return this.validated.executionId;
  }

  get priority(): number {
    return this.validated.task.priority ?? 0;
  }

  get memoryBytes(): number {
    return this.validated.resourceLimits.memoryBytes;
  }

  get state(): TaskState {
    return this.#state;
  }

  /** Ends the task, whatever it is doing. Idempotent; without effect once another cause has ended it. */
  cancel(reason?: string): void {
    if (this.#concluded) return;
    const why = reason === undefined ? '' : `: ${shortened(reason)}`;
    this.termination.settle({
      status: 'cancelled',
      error: { kind: 'execution', message: `cancelled by the host${why}`, details: { code: 'cancelled' } },
    });
    this.abandonOutput();
  }

  /** Sends a signal to the task's process group. False where nothing runs. */
  signal(name: SignalName): boolean {
    return this.#process?.signal(name) ?? false;
  }

  /** Called by the scheduler. */
  queued(position: number): void {
    if (this.#concluded) return;
    this.#state = 'queued';
    this.listener.onQueued(position);
  }

  /** What `cancel` does to output that waits to be taken. Set while the task runs. */
  abandonOutput: () => void = () => {};

  /** The process is there, and `signal` reaches it. */
  running(process: SandboxProcess): void {
    this.#state = 'running';
    this.#process = process;
  }

  /** The process is gone. */
  finishing(): void {
    this.#state = 'finishing';
    this.#process = null;
  }

  /** Whether the result is decided. */
  get concluded(): boolean {
    return this.#concluded;
  }

  /** Claims the right to give the one result. True for the first who asks. */
  conclude(): boolean {
    if (this.#concluded) return false;
    this.#concluded = true;
    this.#state = 'finishing';
    this.stdin?.close();
    return true;
  }

  /** The result has been delivered. */
  settle(result: TaskResult): void {
    this.#state = 'done';
    this.#resolveResult(result);
  }
}
