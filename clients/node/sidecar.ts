import type {
  ExecutionStatisticsSnapshot,
  Health,
  QueueSnapshot,
  Ready,
  TaskResult,
  TaskSummary,
} from '../../protocol/index.js';
import { onAbort } from './abort.js';
import { assertFunction } from './arguments.js';
import { assertCloseOptions, type CloseOptions } from './closing.js';
import { InvalidArgumentError, QueryFailedError } from './errors.js';
import type { HealthReport } from './health.js';
import type { ExitInfo } from './loss.js';
import { mapTasks, type Source } from './map.js';
import { assertEncoding, detached, type OutputEncoding, type ResultIn, resultIn } from './results.js';
import type { BatchOptions, MapOptions, RunOptions, SignalOptions } from './run-options.js';
import type { SpawnOptions } from './spawn-options.js';
import { Supervisor } from './supervisor.js';
import { type StreamedTaskHandle, TaskHandle } from './task-handle.js';
import { assertNotStreamed, type TaskInput } from './task-input.js';

/**
 * A running sidecar.
 *
 * What becomes of a task is a value: a command that fails, is killed by a limit, or is refused, gives a result that
 * says so. Errors are faults of the sidecar or of the caller, each with a `code` (see `SidecarError`).
 *
 * A sidecar under which nothing is under way does not keep the program alive, and when the program ends, however it
 * does, so does the sidecar.
 */
export class Sidecar implements AsyncDisposable {
  readonly #supervisor: Supervisor;

  private constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /**
   * Starts a sidecar and waits until it is ready. Where that fails, nothing is left of it.
   *
   * @throws InvalidArgumentError; SpawnFailedError where there is no such executable; StartTimeoutError;
   * UnsupportedProtocolError; SidecarLostError with code `protocol_error` where it does not accept `config`,
   * `sidecar_fault` where it is no sidecar, `sidecar_exited` where it ends instead; the reason of `signal`
   */
  static async spawn(options: SpawnOptions = {}): Promise<Sidecar> {
    const supervisor = await Supervisor.start(options);
    closeOnAbort(supervisor, options.signal);
    return new Sidecar(supervisor);
  }

  /**
   * What the sidecar has said of itself: its windows, default limits, sandbox, and who enforces each limit. Like `pid`
   * it is that of the sidecar that is there, or was last.
   */
  get ready(): Ready {
    return this.#supervisor.session.ready;
  }

  /** The process id of the sidecar. */
  get pid(): number {
    return this.#supervisor.session.pid;
  }

  /** How the sidecar is, by its heartbeats; undefined where none is there, or `heartbeatMs` is 0. */
  get healthReport(): HealthReport | undefined {
    return this.#supervisor.isUp ? this.#supervisor.session.health : undefined;
  }

  /**
   * Resolves when the sidecar has ended, however it did, and is not started again. Never rejects. Waiting does not keep
   * the program alive.
   */
  get closed(): Promise<ExitInfo> {
    return this.#supervisor.exit;
  }

  /**
   * Runs one command and waits for its result.
   *
   * An aborted `signal` cancels it: the promise then rejects with the signal's reason once nothing of the command is
   * alive, at the latest after 5 s.
   *
   * @throws InvalidArgumentError, TooLargeError, SidecarLostError, RestartsExhaustedError, SidecarClosedError; the reason
   * of `signal`
   */
  async run<Encoding extends OutputEncoding = 'utf8'>(
    command: string,
    args: readonly string[] = [],
    options: RunOptions<Encoding> = {},
  ): Promise<ResultIn<Encoding>> {
    const { signal, encoding, onLimitWarning, ...fields } = options;
    const input: TaskInput = { ...fields, command, args };
    assertEncoding(encoding);
    assertNotStreamed(input, 'options');
    if (onLimitWarning) assertFunction(onLimitWarning, 'options.onLimitWarning');
    const run = this.#supervisor.work.tasks.submit(input, signal);
    if (onLimitWarning) run.limitWarnings.add(onLimitWarning);
    return resultIn(await run.result.promise, encoding);
  }

  /**
   * Submits a task and gives its handle at once. Beyond the session's window (`ready.window`), and while a new sidecar is
   * being started, tasks wait here to be sent, first come first served; `handle.sent` tells when.
   *
   * @throws InvalidArgumentError; TooLargeError where the task could never be sent. All else rejects `handle.result`.
   */
  submit(task: TaskInput & { readonly stdin: { readonly stream: true } }, options?: SignalOptions): StreamedTaskHandle;
  submit(task: TaskInput, options?: SignalOptions): TaskHandle;
  submit(task: TaskInput, { signal }: SignalOptions = {}): TaskHandle {
    return new TaskHandle(this.#supervisor.work.tasks.submit(task, signal));
  }

  /**
   * Runs a batch, which the sidecar accepts whole or refuses whole, and waits for all results, in the order of `tasks`.
   *
   * @throws as `run`; TooLargeError also where there are more tasks than `ready.window.tasks`
   */
  async executeTasks<Encoding extends OutputEncoding = 'utf8'>(
    tasks: readonly TaskInput[],
    { signal, encoding }: BatchOptions<Encoding> = {},
  ): Promise<ResultIn<Encoding>[]> {
    if (!Array.isArray(tasks)) throw new InvalidArgumentError('tasks', 'an array');
    assertEncoding(encoding);
    for (const [index, task] of tasks.entries()) assertNotStreamed(task, `tasks[${index}]`);
    if (tasks.length === 0) return [];
    const runs = this.#supervisor.work.tasks.submitBatch(tasks, signal);
    const results = await Promise.all(runs.map((run) => run.result.promise));
    return results.map((result) => resultIn(result, encoding));
  }

  /**
   * Runs a task for each item of `source`, and yields the results: in the order of the items, or with `ordered: false`
   * as they come (`label` tells which is which). Items are taken only as the window allows, so `source` may be endless.
   *
   * Breaking off the iteration cancels what is under way, and so does an error of the source.
   */
  map<Encoding extends OutputEncoding = 'utf8'>(
    source: Source<TaskInput>,
    options?: MapOptions<Encoding>,
  ): AsyncGenerator<ResultIn<Encoding>, void, undefined>;
  map<Item, Encoding extends OutputEncoding = 'utf8'>(
    source: Source<Item>,
    taskOf: (item: Item, index: number) => TaskInput,
    options?: MapOptions<Encoding>,
  ): AsyncGenerator<ResultIn<Encoding>, void, undefined>;
  map<Encoding extends OutputEncoding = 'utf8'>(
    source: Source<unknown>,
    second: TaskOf | MapOptions<Encoding> = {},
    third: MapOptions<Encoding> = {},
  ): AsyncGenerator<ResultIn<Encoding>, void, undefined> {
    const [taskOf, options]: [TaskOf, MapOptions<Encoding>] =
      typeof second === 'function' ? [second, third] : [(item) => item as TaskInput, second];
    assertEncoding(options.encoding);
    return this.#map(source, taskOf, options);
  }

  /** How full every queue and limit of the sidecar is. */
  async queueSnapshot({ signal }: SignalOptions = {}): Promise<QueueSnapshot[]> {
    return (await this.#supervisor.work.queries.ask({ what: 'queues' }, signal)).queues;
  }

  /** Counts by status, percentiles of waiting and running times, and throughput, since the sidecar was started. */
  statistics({ signal }: SignalOptions = {}): Promise<ExecutionStatisticsSnapshot> {
    return this.#supervisor.work.queries.ask({ what: 'statistics' }, signal);
  }

  /** How the sidecar itself is. */
  health({ signal }: SignalOptions = {}): Promise<Health> {
    return this.#supervisor.work.queries.ask({ what: 'health' }, signal);
  }

  /** The tasks that the sidecar knows and that have no result yet. */
  async tasks({ signal }: SignalOptions = {}): Promise<TaskSummary[]> {
    return (await this.#supervisor.work.queries.ask({ what: 'tasks' }, signal)).tasks;
  }

  /** The result of an earlier task; undefined where the sidecar does not know it, or keeps it no longer. */
  async lookup<Encoding extends OutputEncoding = 'utf8'>(
    executionId: string,
    { signal, encoding }: BatchOptions<Encoding> = {},
  ): Promise<ResultIn<Encoding> | undefined> {
    if (typeof executionId !== 'string') throw new InvalidArgumentError('executionId', 'a string');
    assertEncoding(encoding);
    try {
      const result: TaskResult = await this.#supervisor.work.queries.ask({ what: 'result', executionId }, signal);
      return resultIn(detached(result), encoding);
    } catch (error) {
      if (error instanceof QueryFailedError && error.details?.code === 'unknown_execution') return undefined;
      throw error;
    }
  }

  /**
   * Waits for a sign of life. Gives how long it took, in ms.
   *
   * @throws AnswerTimeoutError, as every question does, where none comes within `answerTimeoutMs`; SidecarLostError,
   * RestartsExhaustedError, SidecarClosedError; the reason of `signal`
   */
  async ping({ signal }: SignalOptions = {}): Promise<number> {
    const sentAt = performance.now();
    await this.#supervisor.work.queries.ping(signal);
    return performance.now() - sentAt;
  }

  /**
   * Ends the sidecar and resolves with how it ended. Never hangs, whatever the sidecar does, and with it every promise
   * settles. The sidecar is asked to shut down (`deadlineMs`); then its stdin is closed, then it gets SIGTERM, then
   * SIGKILL, each with its own time (`graceMs`, 2 s).
   *
   * The tasks under way get their results first. Calling it again gives the same end; with mode `now` it hurries a
   * drain. Where a lost sidecar is about to be restarted it is not, and what waits for it is cancelled.
   *
   * @throws InvalidArgumentError; nothing else
   */
  async close(options: CloseOptions = {}): Promise<ExitInfo> {
    assertCloseOptions(options);
    return this.#supervisor.close(options);
  }

  /** Closes the sidecar with mode `now`: a scope that is left has no more use for what is still running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ mode: 'now' });
  }

  async *#map<Encoding extends OutputEncoding>(
    source: Source<unknown>,
    taskOf: TaskOf,
    { signal, ordered, encoding }: MapOptions<Encoding>,
  ): AsyncGenerator<ResultIn<Encoding>, void, undefined> {
    const { work, exit, session } = this.#supervisor;
    const { tasks } = work;
    const target = {
      capacity: session.ready.window.tasks,
      over: exit.then(() => this.#supervisor.refusal),
      room: (aborted: AbortSignal) => tasks.room(aborted),
      submit: (item: unknown, index: number) => {
        const task = taskOf(item as never, index);
        assertNotStreamed(task, `task ${index}`);
        return tasks.submit(task);
      },
    };
    for await (const result of mapTasks(source, target, { signal, ordered })) yield resultIn(result, encoding);
  }
}

type TaskOf = (item: never, index: number) => TaskInput;

function closeOnAbort(supervisor: Supervisor, signal: AbortSignal | undefined): void {
  const close = () => void supervisor.close({ mode: 'now' });
  if (signal?.aborted) close();
  void supervisor.exit.then(onAbort(signal, close));
}
