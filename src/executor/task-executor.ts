import type { EffectiveLimits, ExecutionStatisticsSnapshot, TaskResult, WireError } from '../../protocol/index.js';
import { MAX_LABEL_CHARACTERS } from '../../protocol/wire.js';
import { ResourceMonitor } from '../monitor/index.js';
import type { SandboxManager } from '../sandbox/index.js';
import type { Logger, QueueRegistry } from '../tracking/index.js';
import { defaultLimits, type ExecutorConfig } from './config.js';
import { elapsed } from './elapsed.js';
import { ExecutorError, toWireError } from './errors.js';
import { executeSingleTask } from './execution.js';
import { guardListener } from './guarded-listener.js';
import { notStarted } from './not-started.js';
import { ResultCache } from './result-cache.js';
import { ResultCollector } from './result-collector.js';
import { Scheduler } from './scheduler.js';
import { StdinQueue } from './stdin-queue.js';
import { TaskHandle } from './task-handle.js';
import type { TaskListener } from './task-listener.js';
import { notRunResult } from './task-result.js';
import { generateExecutionId, isStreamedStdin, type ValidatedTask, validateTask } from './validation.js';

export interface TaskExecutorOptions {
  readonly config: ExecutorConfig;
  /** Where tasks run. Who has made it closes it, after the executor. */
  readonly sandbox: SandboxManager;
  readonly registry: QueueRegistry;
  readonly logger: Logger;
}

/** A task as it was submitted, unchecked, and who wants to hear of it. */
export interface TaskSubmission {
  readonly task: unknown;
  readonly listener?: TaskListener;
  /** What the task weighs while it waits, in bytes; 0 where left out. */
  readonly byteLength?: number;
}

/** Tasks that were all found good, or the results of tasks that were all refused because one of them was not. */
export type Preparation =
  | { readonly ok: true; readonly handles: readonly TaskHandle[] }
  | { readonly ok: false; readonly results: readonly TaskResult[] };

/**
 * Runs tasks: validates them, fills in default limits, queues them, executes them in the sandbox under the monitor,
 * and collects their results. Each task that was prepared gets exactly one result, whatever happens.
 */
export class TaskExecutor {
  readonly config: ExecutorConfig;
  readonly sandbox: SandboxManager;
  readonly scheduler: Scheduler<TaskHandle>;
  readonly monitor: ResourceMonitor;
  readonly resultCollector: ResultCollector;
  readonly #registry: QueueRegistry;
  readonly #logger: Logger;
  readonly #cache: ResultCache;
  readonly #unfinished = new Map<string, TaskHandle>();
  readonly #onIdle: (() => void)[] = [];
  #leaked = 0;
  #refusal: WireError | null = null;

  constructor({ config, sandbox, registry, logger }: TaskExecutorOptions) {
    this.config = config;
    this.sandbox = sandbox;
    this.#registry = registry;
    this.#logger = logger;
    this.monitor = new ResourceMonitor({ enabled: config.enableMonitoring, registry, logger });
    this.resultCollector = new ResultCollector({ count: config.resultCacheSize, bytes: config.resultCacheBytes });
    this.#cache = new ResultCache(this.resultCollector, sandbox.policy);
    this.scheduler = new Scheduler({ ...config, registry, execute: (handle) => this.#execute(handle) });
    this.scheduler.startWorkers();
  }

  /** The limits of a task that sets none. */
  get defaultLimits(): EffectiveLimits {
    return defaultLimits(this.config);
  }

  /** The tasks that have no result yet, by execution id, in the order in which they came. */
  get unfinished(): ReadonlyMap<string, TaskHandle> {
    return this.#unfinished;
  }

  /** Whether new tasks are refused. */
  get refusing(): boolean {
    return this.#refusal !== null;
  }

  /** Processes that could not be killed so far. */
  get leaked(): number {
    return this.#leaked;
  }

  /**
   * Runs tasks as one batch, admitted whole or refused whole, and resolves with their results in the same order.
   * Results are values: a refused, failed or killed task rejects nothing. Aborting cancels those that have not ended.
   */
  async executeTasks(tasks: readonly unknown[], options: { signal?: AbortSignal } = {}): Promise<TaskResult[]> {
    options.signal?.throwIfAborted();
    const preparation = this.prepare(tasks.map((task) => ({ task })));
    if (!preparation.ok) return [...preparation.results];
    const cancel = () => {
      for (const handle of preparation.handles) handle.cancel('aborted');
    };
    options.signal?.addEventListener('abort', cancel, { once: true });
    try {
      await this.submitTasks(preparation.handles);
      return await Promise.all(preparation.handles.map((handle) => handle.result));
    } finally {
      options.signal?.removeEventListener('abort', cancel);
    }
  }

  /**
   * Checks tasks that belong together: all are good, or all are refused, each with a result that tells why. What is
   * prepared has to be submitted; until then it can already be cancelled and sent stdin.
   */
  prepare(submissions: readonly TaskSubmission[]): Preparation {
    const checked = submissions.map(({ task }) => this.#validate(task));
    const culprit = checked.findIndex((outcome) => !outcome.ok);
    if (culprit !== -1) return { ok: false, results: this.#refuse(checked, culprit) };
    const handles = checked.map((outcome, index) => {
      if (!outcome.ok) throw new TypeError('unreachable: every task was found good');
      return this.#createHandle(outcome.validated, submissions[index]!);
    });
    return { ok: true, handles };
  }

  /**
   * Puts prepared tasks into the queue, all of them or none, and resolves when they are in: it waits while they do
   * not fit. Tasks that have been cancelled meanwhile are left out. Never rejects: tasks that can never fit get
   * their refusal as a result.
   */
  async submitTasks(handles: readonly TaskHandle[]): Promise<void> {
    const waiting = handles.filter((handle) => handle.termination.cause === null);
    if (waiting.length === 0) return;
    try {
      if (this.scheduler.trySubmit(waiting)) return;
      await this.scheduler.submitTasks(waiting, { signal: allTerminated(waiting) });
    } catch (error) {
      const wireError = toWireError(error);
      await Promise.all(waiting.map((handle) => this.#finishUnstarted(handle, wireError)));
    }
  }

  /** From now on every task that is prepared is refused for this reason. */
  refuseFurther(reason: string): void {
    this.#refusal ??= { kind: 'resource', message: reason, details: { code: 'shutting_down' } };
  }

  /** Cancels everything that has no result yet. */
  cancelAll(reason: string): void {
    for (const handle of this.#unfinished.values()) handle.cancel(reason);
  }

  /** Resolves when every prepared task has its result. */
  async idle(): Promise<void> {
    if (this.#unfinished.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  statistics(): ExecutionStatisticsSnapshot {
    return this.resultCollector.statistics();
  }

  /** Cancels what is unfinished, waits for the results, and stops the workers and the monitor. */
  async close(): Promise<void> {
    this.refuseFurther('the executor is closing');
    this.cancelAll('the executor is closing');
    await this.idle();
    await this.scheduler.close();
    this.monitor.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #validate(task: unknown): Validation {
    const executionId = generateExecutionId();
    if (this.#refusal !== null) return { ok: false, executionId, label: labelOf(task), error: this.#refusal };
    try {
      const validated = validateTask(task, executionId, this.config, this.sandbox.enforcement);
      const acceptance = this.monitor.canAcceptTask(validated.resourceLimits);
      if (!acceptance.ok) throw new ExecutorError('resource', 'machine_memory', acceptance.message);
      return { ok: true, validated };
    } catch (error) {
      return { ok: false, executionId, label: labelOf(task), error: toWireError(error) };
    }
  }

  #refuse(checked: readonly Validation[], culprit: number): TaskResult[] {
    const results = checked.map((outcome) => {
      const { executionId, label } = outcome.ok ? labelled(outcome.validated) : outcome;
      const error = outcome.ok ? batchError(checked[culprit]!, culprit) : outcome.error;
      return notRunResult({ executionId, status: 'notExecuted', error, limits: this.defaultLimits, label });
    });
    for (const result of results) this.resultCollector.collectResult(result.executionId, result);
    return results;
  }

  #createHandle(validated: ValidatedTask, submission: TaskSubmission): TaskHandle {
    const listener = guardListener(submission.listener ?? {}, this.#logger);
    const stdin = isStreamedStdin(validated.task.stdin) ? this.#createStdin(listener) : null;
    const handle = new TaskHandle(validated, { listener, stdin, byteLength: submission.byteLength ?? 0 });
    this.#unfinished.set(handle.executionId, handle);
    handle.termination.whenSettled(() => this.#terminatedEarly(handle));
    return handle;
  }

  #createStdin(listener: Required<TaskListener>): StdinQueue {
    const windowBytes = this.config.stdinWindowBytes;
    return new StdinQueue({ windowBytes, onAllowed: (total) => listener.onStdinAllowed(total) });
  }

  /** A task that has not been started gets its result at once; one that runs is ended by its worker. */
  #terminatedEarly(handle: TaskHandle): void {
    if (handle.state === 'queued' && !this.scheduler.remove(handle)) return;
    if (handle.state !== 'received' && handle.state !== 'queued') return;
    void this.#finishUnstarted(handle, handle.termination.cause?.error);
  }

  async #finishUnstarted(handle: TaskHandle, error: WireError | undefined): Promise<void> {
    await this.#finish(handle, notStarted(handle, error, { queuedMs: elapsed(handle.enqueuedAt) }));
  }

  async #execute(handle: TaskHandle): Promise<void> {
    if (handle.concluded) return;
    const run = () =>
      executeSingleTask(handle, {
        sandbox: this.sandbox,
        monitor: this.monitor,
        registry: this.#registry,
        logger: this.#logger,
        maxResultBytes: this.config.maxResultBytes,
        onLeak: (processes) => {
          this.#leaked += processes;
        },
      });
    const result = handle.validated.task.cache === true ? await this.#cache.resolve(handle, run) : await run();
    await this.#finish(handle, result);
  }

  async #finish(handle: TaskHandle, result: TaskResult): Promise<void> {
    if (!handle.conclude()) return;
    this.resultCollector.collectResult(handle.executionId, result);
    await handle.listener.onResult(result);
    handle.settle(result);
    this.#unfinished.delete(handle.executionId);
    if (this.#unfinished.size === 0) for (const wake of this.#onIdle.splice(0)) wake();
  }
}

/** Aborts when none of the tasks is wanted any more. */
function allTerminated(handles: readonly TaskHandle[]): AbortSignal {
  const controller = new AbortController();
  let wanted = handles.length;
  const onTerminated = () => {
    wanted -= 1;
    if (wanted === 0) controller.abort();
  };
  for (const { termination } of handles) termination.whenSettled(onTerminated);
  return controller.signal;
}

type Validation =
  | { readonly ok: true; readonly validated: ValidatedTask }
  | { readonly ok: false; readonly executionId: string; readonly label: string | undefined; readonly error: WireError };

function labelled({ executionId, task }: ValidatedTask): { executionId: string; label: string | undefined } {
  return { executionId, label: task.label };
}

function labelOf(task: unknown): string | undefined {
  if (typeof task !== 'object' || task === null || !('label' in task)) return undefined;
  return typeof task.label === 'string' && task.label.length <= MAX_LABEL_CHARACTERS ? task.label : undefined;
}

function batchError(culprit: Validation, index: number): WireError {
  if (culprit.ok) throw new TypeError('unreachable: the culprit was refused');
  const { kind, message } = culprit.error;
  return {
    kind,
    message: `the batch was refused as a whole: tasks[${index}]: ${message}`,
    details: { code: 'batch_refused', index },
  };
}
