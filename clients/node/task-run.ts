import {
  type Accepted,
  type HostFrame,
  type LimitWarning,
  ProtocolFault,
  type Ready,
  type SidecarFrame,
  type SignalName,
  type Started,
  type TaskResult,
  type UsageEvent,
} from '../../protocol/index.js';
import { onAbort } from './abort.js';
import { deferred } from './deferred.js';
import { Listeners } from './listeners.js';
import type { LostTask } from './loss.js';
import { OutputStream } from './output-stream.js';
import { cancelledUnsent, detached } from './results.js';
import { StdinStream } from './stdin-stream.js';
import { streamsOutput, streamsStdin, type TaskInput } from './task-input.js';

/** The frames that a sidecar sends about one task. */
export type TaskFrame = Extract<
  SidecarFrame,
  { type: 'accepted' | 'started' | 'output' | 'usage' | 'limitWarning' | 'window' | 'result' }
>;

/** What a task needs of the session that it belongs to. */
export interface TaskLink {
  /** What the sidecar that is there now has said of itself, or the last one. */
  readonly ready: () => Ready;
  readonly send: (frame: HostFrame) => void;
  /** Takes the task back, which has not been sent. */
  readonly withdraw: () => void;
  readonly onLimitWarning: (warning: LimitWarning) => void;
  /** Called once, when all promises of the task are settled. */
  readonly onSettled: () => void;
}

/**
 * How long an aborted task may still take to end, in ms, before its promises reject all the same. Until then they
 * wait, so that normally nothing of the task is alive any more when they reject.
 */
export const ABORT_GRACE_MS = 5_000;

/** One task from its submission to its result: what its handle shows, and what its frames do. */
export class TaskRun {
  readonly id: number;
  readonly label: string | undefined;
  readonly sent = deferred<void>();
  readonly accepted = deferred<Accepted | undefined>();
  readonly started = deferred<Started | undefined>();
  readonly result = deferred<TaskResult>();
  readonly output: OutputStream;
  readonly stdin: StdinStream | undefined;
  readonly limitWarnings = new Listeners<LimitWarning>();
  readonly usage = new Listeners<UsageEvent>();
  readonly #input: TaskInput;
  readonly #link: TaskLink;
  readonly #submittedAt = performance.now();
  #executionId: string | undefined;
  #isStarted = false;
  #isSent = false;
  #isSettled = false;
  #abortion: { readonly reason: unknown; readonly timer: NodeJS.Timeout } | undefined;
  #unwatch = () => {};

  constructor(id: number, input: TaskInput, link: TaskLink) {
    this.id = id;
    this.label = input.label;
    this.#input = input;
    this.#link = link;
    this.output = new OutputStream((outputBytes) => link.send({ type: 'window', id, body: { outputBytes } }));
    this.stdin = streamsStdin(input) ? new StdinStream((body) => link.send({ type: 'stdin', id, body })) : undefined;
  }

  get isSent(): boolean {
    return this.#isSent;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** What a waiter is told of the task when the sidecar is lost. */
  get lost(): LostTask {
    return {
      sent: this.#isSent,
      accepted: this.#executionId !== undefined,
      started: this.#isStarted,
      executionId: this.#executionId,
    };
  }

  /** The frame of the task is on its way. */
  leave(): void {
    const { window } = this.#link.ready();
    this.#isSent = true;
    this.output.open(window.outputBytes);
    this.sent.resolve();
    this.stdin?.open(window.stdinBytes);
  }

  /** Aborts the task when `signal` does. */
  watch(signal: AbortSignal): void {
    if (signal.aborted) this.abort(signal.reason);
    else this.#unwatch = onAbort(signal, () => this.abort(signal.reason));
  }

  /** @throws ProtocolFault where the task has not asked for such a frame, or the frame breaks its window */
  receive(frame: TaskFrame): void {
    switch (frame.type) {
      case 'accepted':
        this.#executionId = frame.body.executionId;
        this.accepted.resolve(frame.body);
        break;
      case 'started':
        this.#isStarted = true;
        this.started.resolve(frame.body);
        break;
      case 'output':
        if (!streamsOutput(this.#input)) throw this.#unexpected(frame.type);
        this.output.push(frame.body);
        break;
      case 'usage':
        this.usage.notify(frame.body);
        break;
      case 'limitWarning':
        this.limitWarnings.notify(frame.body);
        this.#link.onLimitWarning(frame.body);
        break;
      case 'window':
        if (!this.stdin) throw this.#unexpected(frame.type);
        this.stdin.allow(frame.body.stdinBytes);
        break;
      case 'result':
        if (this.#abortion) this.fail(this.#abortion.reason);
        else this.#succeed(detached(frame.body));
        break;
    }
  }

  cancel(reason?: string): void {
    if (this.#isSettled) return;
    if (this.#isSent) {
      this.#link.send({ type: 'cancel', id: this.id, body: { reason } });
    } else {
      this.#link.withdraw();
      this.#succeed(this.#cancelledUnsent(reason));
    }
  }

  /** Does nothing where the task has not been sent or is over. */
  signal(signal: SignalName): void {
    if (this.#isSent && !this.#isSettled) this.#link.send({ type: 'signal', id: this.id, body: { signal } });
  }

  abort(reason: unknown): void {
    if (this.#isSettled || this.#abortion) return;
    if (this.#isSent) {
      this.#abortion = { reason, timer: setTimeout(() => this.fail(reason), ABORT_GRACE_MS) };
      this.#link.send({ type: 'cancel', id: this.id, body: { reason: 'aborted' } });
    } else {
      this.#link.withdraw();
      this.fail(reason);
    }
  }

  /** There will be no result: every promise rejects with `error`. Idempotent. */
  fail(error: unknown): void {
    if (this.#isSettled) return;
    this.#settle();
    this.sent.reject(error);
    this.accepted.reject(error);
    this.started.reject(error);
    this.output.end({ error });
    this.stdin?.close(error instanceof Error ? error : undefined);
    this.result.reject(error);
  }

  #succeed(result: TaskResult): void {
    this.#settle();
    this.sent.resolve();
    this.accepted.resolve(undefined);
    this.started.resolve(undefined);
    this.output.end();
    this.stdin?.close();
    this.result.resolve(result);
  }

  #settle(): void {
    this.#isSettled = true;
    clearTimeout(this.#abortion?.timer);
    this.#unwatch();
    this.#link.onSettled();
  }

  #cancelledUnsent(reason: string | undefined): TaskResult {
    return cancelledUnsent({
      label: this.label,
      limits: this.#input.limits ?? {},
      defaults: this.#link.ready().defaults,
      waitedMs: performance.now() - this.#submittedAt,
      reason,
    });
  }

  #unexpected(type: string): ProtocolFault {
    return new ProtocolFault('unexpected_frame', `${type} came for task ${this.id}, which has not asked for it`);
  }
}
