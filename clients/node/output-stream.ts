import { type Output, ProtocolFault } from '../../protocol/index.js';
import { type Deferred, deferred } from './deferred.js';

/** A piece of what a task has written. `offset` is its position in that stream, in bytes. */
export type OutputChunk = Output;

/**
 * The output of one task, for one consumer. What is not taken waits here, never more than the window: credit goes back
 * to the sidecar as chunks are taken, so a consumer that stops holds back that process and no other.
 */
export class OutputStream implements AsyncIterable<OutputChunk> {
  readonly #allow: (totalBytes: number) => void;
  readonly #takers: Deferred<IteratorResult<OutputChunk>>[] = [];
  /** Two stacks that make a queue: `#incoming` is turned over into `#outgoing` when that is empty. */
  #incoming: OutputChunk[] = [];
  #outgoing: OutputChunk[] = [];
  #windowBytes = 0;
  #receivedBytes = 0;
  #takenBytes = 0;
  #allowedBytes = 0;
  #end: { readonly error?: unknown } | undefined;
  #discards = false;

  /** @param allow tells the sidecar how many bytes it may have sent in all */
  constructor(allow: (totalBytes: number) => void) {
    this.#allow = allow;
  }

  /** The task has been sent, under a window of `windowBytes`. */
  open(windowBytes: number): void {
    this.#windowBytes = windowBytes;
    this.#allowedBytes = windowBytes;
  }

  /**
   * Iterates over the chunks, until the task is over; throws where the task's result rejects. Breaking off discards
   * the rest and lets the task go on.
   */
  [Symbol.asyncIterator](): AsyncIterator<OutputChunk, undefined> {
    return {
      next: () => this.#take(),
      return: () => {
        this.#discard();
        return Promise.resolve(DONE);
      },
    };
  }

  /** @throws ProtocolFault `window_overrun` where the sidecar sends more than it was allowed */
  push(chunk: OutputChunk): void {
    this.#receivedBytes += chunk.data.byteLength;
    if (this.#receivedBytes > this.#allowedBytes) {
      throw new ProtocolFault(
        'window_overrun',
        `a task's output reached ${this.#receivedBytes} bytes where ${this.#allowedBytes} were allowed`,
      );
    }
    const taker = this.#takers.shift();
    if (this.#discards) {
      this.#taken(chunk);
    } else if (taker) {
      taker.resolve({ value: chunk, done: false });
      this.#taken(chunk);
    } else {
      this.#incoming.push(chunk);
    }
  }

  /** No more will come. What waits can still be taken; after it, `error` is thrown where there is one. Idempotent. */
  end(end: { readonly error?: unknown } = {}): void {
    if (this.#end) return;
    this.#end = end;
    for (const taker of this.#takers.splice(0)) {
      if ('error' in end) taker.reject(end.error);
      else taker.resolve(DONE);
    }
  }

  async #take(): Promise<IteratorResult<OutputChunk, undefined>> {
    if (this.#outgoing.length === 0) {
      this.#outgoing = this.#incoming.reverse();
      this.#incoming = [];
    }
    const chunk = this.#outgoing.pop();
    if (chunk) {
      this.#taken(chunk);
      return { value: chunk, done: false };
    }
    if (this.#discards) return DONE;
    if (this.#end) {
      if ('error' in this.#end) throw this.#end.error;
      return DONE;
    }
    const taker = deferred<IteratorResult<OutputChunk, undefined>>();
    this.#takers.push(taker);
    return taker.promise;
  }

  #discard(): void {
    this.#discards = true;
    for (const taker of this.#takers.splice(0)) taker.resolve(DONE);
    for (const chunk of [...this.#incoming.splice(0), ...this.#outgoing.splice(0)]) this.#taken(chunk);
  }

  /**
   * Credit goes out in steps of a quarter of a window: not with every small chunk, and before the sidecar has to wait.
   */
  #taken(chunk: OutputChunk): void {
    this.#takenBytes += chunk.data.byteLength;
    const allowed = this.#takenBytes + this.#windowBytes;
    if (this.#end || allowed - this.#allowedBytes < this.#windowBytes / 4) return;
    this.#allowedBytes = allowed;
    this.#allow(allowed);
  }
}

const DONE = { value: undefined, done: true } as const;
