import { Writable } from 'node:stream';
import { MAX_OUTPUT_CHUNK_BYTES, type Stdin } from '../../protocol/index.js';

/** The largest `data` of one `stdin` frame, in bytes. */
const CHUNK_BYTES = MAX_OUTPUT_CHUNK_BYTES;

type Callback = (error?: Error | null) => void;

/**
 * The streamed stdin of one task. A write is done when all of it has been sent, which the window of the sidecar allows
 * as the process reads; until then the `writable` asks its writer to wait.
 */
export class StdinStream {
  /** Ending or destroying it ends the stdin of the process; it is destroyed when the task is over. */
  readonly writable: Writable;
  readonly #send: (body: Stdin) => void;
  #state: 'waiting' | 'open' | 'over' = 'waiting';
  #credit = 0;
  #allowedBytes = 0;
  #pending: { rest: Buffer; readonly callback: Callback } | undefined;
  #isEnded = false;
  #isEndSent = false;

  constructor(send: (body: Stdin) => void) {
    this.#send = send;
    this.writable = new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        this.#pending = { rest: chunk, callback };
        this.#pump();
      },
      final: (callback) => {
        this.#finish();
        callback();
      },
      destroy: (error, callback) => {
        this.#finish();
        callback(error);
        this.#abandon(error);
      },
    });
    this.writable.on('error', () => {});
  }

  /** The task has been sent, so its stdin may follow, `windowBytes` of it at first. */
  open(windowBytes: number): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'open';
    this.allow(windowBytes);
    this.#sendEnd();
  }

  /** The sidecar allows so many bytes in all. */
  allow(totalBytes: number): void {
    this.#credit += Math.max(0, totalBytes - this.#allowedBytes);
    this.#allowedBytes = Math.max(totalBytes, this.#allowedBytes);
    this.#pump();
  }

  /**
   * The task is over: nothing is sent any more. A write that waits fails with `error`, where there is one, and else with
   * ERR_STREAM_DESTROYED.
   */
  close(error?: Error): void {
    this.#state = 'over';
    this.writable.destroy(error);
  }

  #pump(): void {
    while (this.#state === 'open' && !this.#isEnded && this.#pending && this.#credit > 0) {
      const { rest, callback } = this.#pending;
      const data = rest.subarray(0, Math.min(this.#credit, CHUNK_BYTES));
      this.#credit -= data.byteLength;
      this.#pending.rest = rest.subarray(data.byteLength);
      this.#send({ data });
      if (this.#pending.rest.byteLength > 0) continue;
      this.#pending = undefined;
      callback();
    }
  }

  /** The stream itself forgets the callback of the write that is under way when it is destroyed. */
  #abandon(error: Error | null): void {
    const { callback } = this.#pending ?? {};
    this.#pending = undefined;
    callback?.(error ?? Object.assign(new Error('The task is over'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }));
  }

  #finish(): void {
    this.#isEnded = true;
    this.#sendEnd();
  }

  #sendEnd(): void {
    if (this.#state !== 'open' || !this.#isEnded || this.#isEndSent) return;
    this.#isEndSent = true;
    this.#send({ end: true });
  }
}
