import { type HostFrame, type LimitWarning, ProtocolFault, type Ready } from '../../protocol/index.js';
import { encodeSubmission, misfit, type SubmissionBounds } from './encode-submission.js';
import type { SidecarError } from './errors.js';
import type { Ids } from './ids.js';
import { type LostTask, NO_TASK } from './loss.js';
import { RoomAskers } from './room-askers.js';
import { type TaskInput, toTaskBody } from './task-input.js';
import { type TaskFrame, TaskRun } from './task-run.js';
import { SubmitWindow, type Waiting } from './window.js';

/** A sidecar that takes tasks and questions. */
export interface WorkLink {
  readonly ready: Ready;
  readonly send: (frame: HostFrame) => void;
  readonly sendEncoded: (frame: Uint8Array) => void;
}

export interface TaskTableOptions {
  readonly ids: Ids;
  /** Why no more tasks are taken; undefined while they are. */
  readonly refusal: () => SidecarError | undefined;
  readonly onLimitWarning: (warning: LimitWarning) => void;
  /** Keeps the host alive until the returned function is called. */
  readonly hold: () => () => void;
}

interface Member {
  readonly id: number;
  readonly input: TaskInput;
}

interface Entry {
  readonly run: TaskRun;
  /** The bytes of the task's frame no longer count. Idempotent. */
  readonly freeBytes: () => void;
}

/**
 * All tasks that have no result yet, and the window that they share. It outlives a sidecar: what has not been sent when
 * one is lost is sent to the next.
 */
export class TaskTable {
  readonly #options: TaskTableOptions;
  readonly #window = new SubmitWindow();
  readonly #entries = new Map<number, Entry>();
  readonly #rooms = new RoomAskers(this.#window);
  #link: WorkLink | undefined;

  constructor(options: TaskTableOptions) {
    this.#options = options;
  }

  /** Sends to this sidecar from now on, first what waits. */
  attach(link: WorkLink): void {
    const { tasks, taskBytes } = link.ready.window;
    this.#link = link;
    this.#window.open({ tasks, bytes: taskBytes });
  }

  /** Sends nothing until another sidecar is attached. */
  suspend(): void {
    this.#window.shut();
  }

  has(id: number): boolean {
    return this.#entries.has(id);
  }

  /**
   * Sends a task as soon as there is room for it.
   *
   * @throws InvalidArgumentError, TooLargeError
   */
  submit(input: TaskInput, signal?: AbortSignal): TaskRun {
    const id = this.#options.ids.next();
    const frame = this.#encode({ type: 'submit', id, body: toTaskBody(input) }, 'task');
    return this.#enter([{ id, input }], frame, signal)[0]!;
  }

  /**
   * Sends tasks in one frame, as soon as there is room for all of them; the sidecar takes all or none.
   *
   * @throws InvalidArgumentError, TooLargeError
   */
  submitBatch(inputs: readonly TaskInput[], signal?: AbortSignal): TaskRun[] {
    const tooMany = misfit(0, inputs.length, this.#bounds);
    if (tooMany) throw tooMany;
    const bodies = inputs.map((input, index) => toTaskBody(input, `tasks[${index}]`));
    const members = inputs.map((input) => ({ id: this.#options.ids.next(), input }));
    const pairs = members.map(({ id }, index): [number, unknown] => [id, bodies[index]]);
    const frame = this.#encode({ type: 'submitBatch', id: 0, body: { tasks: pairs } }, 'tasks');
    return this.#enter(members, frame, signal);
  }

  /** Resolves once the window would take another task. Rejects when `signal` aborts or tasks are no longer taken. */
  async room(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const refusal = this.#options.refusal();
    if (refusal) throw refusal;
    await this.#rooms.ask(signal);
  }

  /** @throws ProtocolFault where the task is not known or over, or the frame is not one that it may get */
  receive(frame: TaskFrame): void {
    const entry = this.#entries.get(frame.id);
    if (!entry?.run.isSent) {
      throw new ProtocolFault(
        'unexpected_frame',
        `${frame.type} came for id ${frame.id}, which has no unfinished task`,
      );
    }
    if (frame.type === 'started' || frame.type === 'result') entry.freeBytes();
    if (frame.type === 'result') {
      this.#entries.delete(frame.id);
      this.#window.free({ tasks: 1, bytes: 0 });
    }
    if (!entry.run.isSettled) entry.run.receive(frame);
  }

  /** Resolves once every task has been sent or taken back. */
  allSent(): Promise<void> {
    return this.#window.emptied();
  }

  /** Cancels what has not been sent; who waits for room is told `refusal`. */
  cancelUnsent(reason: string, refusal: SidecarError): void {
    this.#rooms.refuse(() => refusal);
    for (const { run } of this.#entries.values()) if (!run.isSent) run.cancel(reason);
  }

  /** The sidecar is gone: whose task had been sent is told so, each by its own error. */
  lose(toError: (task: LostTask) => SidecarError): void {
    const sent = [...this.#entries].filter(([, { run }]) => run.isSent);
    for (const [id] of sent) this.#entries.delete(id);
    for (const [, { run }] of sent) run.fail(toError(run.lost));
  }

  /** There will be no sidecar any more: every waiter is told so, each by its own error. */
  fail(toError: (task: LostTask) => SidecarError): void {
    this.#rooms.refuse(() => toError(NO_TASK));
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { run } of entries) run.fail(toError(run.lost));
  }

  #enter(members: readonly Member[], frame: Uint8Array, signal?: AbortSignal): TaskRun[] {
    const bytes = frame.byteLength;
    let unstarted = members.length;
    const freeBytes = () => {
      unstarted -= 1;
      if (unstarted === 0) this.#window.free({ tasks: 0, bytes });
    };
    const waiting: Waiting = {
      load: { tasks: members.length, bytes },
      send: () => {
        this.#link!.sendEncoded(frame);
        for (const run of runs) run.leave();
      },
      misfit: () => misfit(bytes, members.length, this.#bounds),
      refuse: (error) => {
        for (const run of runs) run.fail(error);
      },
    };
    const withdraw = () => void this.#window.withdraw(waiting);
    const runs = members.map((member) => this.#register(member, once(freeBytes), withdraw));
    const refusal = this.#options.refusal();
    for (const run of runs) {
      if (refusal) run.fail(refusal);
      if (signal) run.watch(signal);
    }
    if (runs.some((run) => !run.isSettled)) this.#window.enter(waiting);
    return runs;
  }

  #register({ id, input }: Member, freeBytes: () => void, withdraw: () => void): TaskRun {
    const { onLimitWarning, hold } = this.#options;
    const release = hold();
    const run = new TaskRun(id, input, {
      ready: () => this.#link!.ready,
      send: (frame) => this.#link!.send(frame),
      withdraw,
      onLimitWarning,
      onSettled: () => {
        release();
        if (!run.isSent) this.#entries.delete(id);
      },
    });
    this.#entries.set(id, { run, freeBytes });
    return run;
  }

  #encode(frame: HostFrame, field: string): Uint8Array {
    return encodeSubmission(frame, field, this.#bounds);
  }

  get #bounds(): SubmissionBounds {
    const { maxFrameBytes, window } = this.#link!.ready;
    return { maxFrameBytes, taskBytes: window.taskBytes, tasks: window.tasks };
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
