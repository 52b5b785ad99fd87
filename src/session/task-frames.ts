import type { LimitWarning, TaskResult, UsageEvent } from '../../protocol/index.js';
import type { OutputStreamName, TaskListener } from '../executor/index.js';
import type { QueueRegistry } from '../tracking/index.js';
import type { Outbox } from './outbox.js';
import { OutputCredit } from './output-credit.js';
import { sendResult } from './send-result.js';

export interface TaskFramesOptions {
  readonly id: number;
  readonly outbox: Outbox;
  readonly registry: QueueRegistry;
  /** How much output may be sent before the host allows more. */
  readonly outputWindowBytes: number;
  /** Called when the result is on its way: the id is free again. */
  readonly onAnswered: () => void;
}

/** Turns what happens to one task into frames. After the result no frame of the task is sent. */
export class TaskFrames implements Required<TaskListener> {
  readonly #id: number;
  readonly #outbox: Outbox;
  readonly #registry: QueueRegistry;
  readonly #outputWindowBytes: number;
  readonly #credit: OutputCredit;
  readonly #onAnswered: () => void;
  #executionId = '';
  #abandoned = false;
  #ended = false;

  constructor(options: TaskFramesOptions) {
    this.#id = options.id;
    this.#outbox = options.outbox;
    this.#registry = options.registry;
    this.#outputWindowBytes = options.outputWindowBytes;
    this.#credit = new OutputCredit(options.outputWindowBytes);
    this.#onAnswered = options.onAnswered;
  }

  /** The execution id, which is known once the task has been prepared. */
  identify(executionId: string): void {
    this.#executionId = executionId;
  }

  /** The host allows so many bytes of output in all. */
  allowOutput(totalBytes: number): void {
    this.#credit.allow(totalBytes);
  }

  /** The host can no longer allow anything: what comes is sent without. */
  liftCredit(): void {
    this.#credit.lift();
  }

  warn(warning: LimitWarning): void {
    if (!this.#ended) this.#outbox.warning(this.#id, warning);
  }

  onQueued(position: number): void {
    const body = { executionId: this.#executionId, position };
    this.#outbox.control({ type: 'accepted', id: this.#id, body });
  }

  onStarted(start: { pid?: number; queuedMs: number }): void {
    this.#outbox.control({ type: 'started', id: this.#id, body: start });
  }

  onOutput(stream: OutputStreamName, offset: number, data: Uint8Array): void | Promise<void> {
    if (!this.#credit.tracked) this.#trackCredit();
    if (this.#credit.available < data.byteLength) return this.#sendInPieces(stream, offset, data);
    return this.#send(stream, offset, data);
  }

  onOutputAbandoned(): void {
    this.#abandoned = true;
    this.#credit.lift();
  }

  onUsage(usage: UsageEvent): void {
    this.#outbox.replaceable(`usage ${this.#id}`, { type: 'usage', id: this.#id, body: usage });
  }

  onStdinAllowed(totalBytes: number): void {
    if (this.#ended) return;
    const body = { stdinBytes: totalBytes };
    this.#outbox.replaceable(`window ${this.#id}`, { type: 'window', id: this.#id, body });
  }

  async onResult(result: TaskResult): Promise<void> {
    this.#ended = true;
    this.#credit.close();
    await sendResult(this.#outbox, result, (body) => ({ type: 'result', id: this.#id, body }), this.#onAnswered);
  }

  /** Only a task that streams its output has a window, from its first output to its end. */
  #trackCredit(): void {
    const gauge = this.#registry.openWindow({
      window: 'outputWindow',
      scope: this.#executionId,
      capacity: this.#outputWindowBytes,
      configKey: 'outputWindowBytes',
      name: `task ${this.#executionId} output → host window`,
      slow: () => 'the host returns no credit for what it was sent',
    });
    this.#credit.track(gauge);
  }

  async #sendInPieces(stream: OutputStreamName, offset: number, data: Uint8Array): Promise<void> {
    let sent = 0;
    while (sent < data.byteLength && !this.#abandoned) {
      const { available } = this.#credit;
      if (available > 0) {
        const piece = data.subarray(sent, sent + Math.min(available, data.byteLength));
        await this.#send(stream, offset + sent, piece);
        sent += piece.byteLength;
      } else {
        await this.#credit.granted();
      }
    }
  }

  #send(stream: OutputStreamName, offset: number, data: Uint8Array): Promise<void> | undefined {
    this.#credit.use(data.byteLength);
    return this.#outbox.output(this.#id, { type: 'output', id: this.#id, body: { stream, offset, data } });
  }
}
