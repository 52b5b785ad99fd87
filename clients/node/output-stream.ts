import { BufferPool, MAX_OUTPUT_CHUNK_BYTES, type Output, ownBytes, ProtocolFault } from '../../protocol/index.js';
import { type Deferred, deferred } from './deferred.js';

/** A piece of what a task has written. `offset` is its position in that stream, in bytes. */
export type OutputChunk = Output;

/** How many windows a consumer may be given that takes chunks as they come. */
const MOST_WINDOWS = 4;

/** Smaller chunks get bytes of their own also where they are lent. */
const LENT_BYTES = 16_384;

/** More than this many buffers that hold no chunk are let go of. */
const KEPT_BUFFERS = 16;

/**
 * The output of one task, for one consumer. What is not taken waits here: credit goes back to the sidecar as chunks are
 * taken, so a consumer that stops holds back that process and no other. The window that the sidecar has opened is enlarged
 * for a consumer that takes chunks as they come, up to four times, for what is on its way counts as well; one that is a
 * window behind is given no more than that again.
 */
export class OutputStream implements AsyncIterable<OutputChunk> {
  readonly #allow: (totalBytes: number) => void;
  readonly #takers: Deferred<IteratorResult<OutputChunk>>[] = [];
  /** Two stacks that make a queue: `#incoming` is turned over into `#outgoing` when that is empty. */
  #incoming: OutputChunk[] = [];
  #outgoing: OutputChunk[] = [];
  /** As the sidecar has opened it. */
  #openedBytes = 0;
  #windowBytes = 0;
  #receivedBytes = 0;
  #takenBytes = 0;
  #allowedBytes = 0;
  #end: { readonly error?: unknown } | undefined;
  #discards = false;
  /** What large chunks are copied into, once they are lent. */
  #pool: BufferPool | undefined;

  /** @param allow tells the sidecar how many bytes it may have sent in all */
  constructor(allow: (totalBytes: number) => void) {
    this.#allow = allow;
  }

  /** The task has been sent, under a window of `windowBytes`. */
  open(windowBytes: number): void {
    this.#openedBytes = windowBytes;
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

  /** As iterating over the stream, for a consumer that has done with a chunk when it asks for the next. */
  async *lent(): AsyncGenerator<OutputChunk, void, void> {
    this.#pool ??= new BufferPool({
      bufferBytes: MAX_OUTPUT_CHUNK_BYTES,
      maxKept: KEPT_BUFFERS,
      leastBytes: LENT_BYTES,
    });
    for await (const chunk of this) {
      yield chunk;
      this.#pool.giveBack(chunk.data);
    }
  }

  /**
   * Takes in a chunk, whose bytes may be overwritten afterwards where they lie among others.
   *
   * @throws ProtocolFault `window_overrun` where the sidecar sends more than it was allowed
   */
  push({ stream, offset, data }: OutputChunk): void {
    this.#receivedBytes += data.byteLength;
    if (this.#receivedBytes > this.#allowedBytes) {
      throw new ProtocolFault(
        'window_overrun',
        `a task's output reached ${this.#receivedBytes} bytes where ${this.#allowedBytes} were allowed`,
      );
    }
    if (this.#discards) {
      this.#taken(data.byteLength);
      return;
    }
    const chunk = { stream, offset, data: this.#pool?.copyOf(data) ?? ownBytes(data) };
    const taker = this.#takers.shift();
    if (taker) {
      taker.resolve({ value: chunk, done: false });
      this.#taken(chunk.data.byteLength);
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
      this.#taken(chunk.data.byteLength);
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
    for (const chunk of [...this.#incoming.splice(0), ...this.#outgoing.splice(0)]) this.#taken(chunk.data.byteLength);
  }

  /** Credit goes out in steps: not with every small chunk, and before the sidecar has to wait. */
  #taken(byteLength: number): void {
    this.#takenBytes += byteLength;
    const step = this.#windowBytes / (this.#windowBytes > this.#openedBytes ? 2 : 4);
    if (this.#end || this.#takenBytes + this.#windowBytes - this.#allowedBytes < step) return;
    this.#fitWindow();
    const allowed = this.#takenBytes + this.#windowBytes;
    if (allowed <= this.#allowedBytes) return;
    this.#allowedBytes = allowed;
    this.#allow(allowed);
  }

  #fitWindow(): void {
    const waitingBytes = this.#receivedBytes - this.#takenBytes;
    if (waitingBytes >= this.#openedBytes) this.#windowBytes = this.#openedBytes;
    else if (waitingBytes === 0 && !this.#discards)
      this.#windowBytes = Math.min(2 * this.#windowBytes, MOST_WINDOWS * this.#openedBytes);
  }
}

const DONE = { value: undefined, done: true } as const;
