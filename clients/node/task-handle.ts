import type { Writable } from 'node:stream';
import {
  type Accepted,
  type LimitWarning,
  type SignalName,
  type Started,
  signalNameSchema,
  type TaskResult,
  type UsageEvent,
} from '../../protocol/index.js';
import { assertFunction } from './arguments.js';
import { happensWithin } from './deadline.js';
import { InvalidArgumentError } from './errors.js';
import type { OutputChunk } from './output-stream.js';
import { ABORT_GRACE_MS, type TaskRun } from './task-run.js';

/**
 * A task that has been submitted. Its promises may be left unawaited. They reject only where the sidecar is lost
 * (`SidecarLostError`, which says how far the task had come) and not restarted in time (`RestartsExhaustedError`), was
 * closed before (`SidecarClosedError`), or the task's signal is aborted.
 *
 * Iterating over the handle is iterating over its output. Disposing of it cancels the task and waits for its end.
 */
export class TaskHandle implements AsyncIterable<OutputChunk>, AsyncDisposable {
  /** The id of the task's frames, an integer from 1 to 2^32 − 1. It may be used again once there is a result. */
  readonly id: number;
  readonly label: string | undefined;
  /** Resolves when the task has been sent: at once while the session's window has room. */
  readonly sent: Promise<void>;
  /** Resolves when the sidecar has queued the task; with undefined where it was refused or cancelled before. */
  readonly accepted: Promise<Accepted | undefined>;
  /** Resolves when the process runs; with undefined where the task ended before it did. */
  readonly started: Promise<Started | undefined>;
  /** Resolves with how the task ended, whatever its status. */
  readonly result: Promise<TaskResult>;
  /**
   * What a task with `output: {mode: 'stream'}` writes, in the order in which it came; nothing for other tasks. It has
   * one consumer. Not iterating holds the process back once a window of output (`ready.window.outputBytes`) is
   * waiting, or up to four where it has been taken as it came, so the result does not come; breaking off discards the
   * rest and lets the task go on.
   */
  readonly output: AsyncIterable<OutputChunk>;
  /**
   * As `output`, for a consumer that has done with a chunk when it asks for the next one: the bytes of a chunk are used again
   * then. That leaves nothing for the garbage collector, which else takes longer than the reading where a lot is written.
   */
  readonly lentOutput: AsyncIterable<OutputChunk>;
  /**
   * The stdin of a task with `stdin: {stream: true}`; undefined for other tasks. `end()` or `destroy()` ends the
   * process's stdin. It is destroyed when the task is over, so that a pipeline into it does not wait for ever: with the
   * error of `result` where that rejects.
   */
  readonly stdin: Writable | undefined;
  readonly #run: TaskRun;

  constructor(run: TaskRun) {
    this.id = run.id;
    this.label = run.label;
    this.sent = run.sent.promise;
    this.accepted = run.accepted.promise;
    this.started = run.started.promise;
    this.result = run.result.promise;
    this.output = run.output;
    this.lentOutput = { [Symbol.asyncIterator]: () => run.output.lent() };
    this.stdin = run.stdin?.writable;
    this.#run = run;
  }

  /** Ends the task, whatever it is doing; its result then has status `cancelled`. Without effect on one that is over. */
  cancel(reason?: string): void {
    this.#run.cancel(reason);
  }

  /**
   * Sends a signal to the task's process group. Without effect where no process runs.
   *
   * @throws InvalidArgumentError where the protocol does not know the signal
   */
  signal(name: SignalName): void {
    if (!signalNameSchema.safeParse(name).success) {
      throw new InvalidArgumentError('name', `one of ${signalNameSchema.options.join(', ')}, not ${String(name)}`);
    }
    this.#run.signal(name);
  }

  /**
   * Calls `listener` with each warning about one of the task's limits, all of them before the result resolves. A
   * listener that throws is reported as a process warning.
   *
   * @returns what removes the listener
   */
  onLimitWarning(listener: (warning: LimitWarning) => void): () => void {
    assertFunction(listener, 'listener');
    return this.#run.limitWarnings.add(listener);
  }

  /**
   * Calls `listener` with what the running task has used so far, every `usageEventsMs` of the task.
   *
   * @returns what removes the listener
   */
  onUsage(listener: (usage: UsageEvent) => void): () => void {
    assertFunction(listener, 'listener');
    return this.#run.usage.add(listener);
  }

  [Symbol.asyncIterator](): AsyncIterator<OutputChunk> {
    return this.output[Symbol.asyncIterator]();
  }

  /** Cancels the task and waits until it is over, at most 5 s where the sidecar does not answer. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel('disposed of');
    const over = this.result.catch(() => undefined);
    await happensWithin(ABORT_GRACE_MS, over);
  }
}

/** The handle of a task with `stdin: {stream: true}`. */
export type StreamedTaskHandle = TaskHandle & { readonly stdin: Writable };
