import type { BoundedChannel } from './bounded-channel.js';

/** Where items come out of a tracked channel, in the order in which they went in, each once. */
export class TrackedReceiver<T> implements AsyncIterable<T>, Disposable {
  readonly #channel: BoundedChannel<T>;

  constructor(channel: BoundedChannel<T>) {
    this.#channel = channel;
  }

  /**
   * Takes the next item; waits for one, behind those who waited before. Undefined when the channel is closed and empty.
   * @throws the reason of `signal`, with no item lost
   */
  receive(options: { readonly signal?: AbortSignal } = {}): Promise<T | undefined> {
    return this.#channel.receive(options.signal);
  }

  /** Takes the next item if there is one now. */
  tryReceive(): T | undefined {
    return this.#channel.tryReceive();
  }

  /** Takes everything that is queued now. */
  drain(): T[] {
    return this.#channel.drain();
  }

  /** Every item until the channel is closed and empty. Leaving the loop early leaves the rest in the channel. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (let item = await this.receive(); item !== undefined; item = await this.receive()) yield item;
  }

  /** Nothing more can be sent, and who waits to send is rejected. What is queued is left for `drain` or `receive`. */
  close(): void {
    this.#channel.close();
  }

  /** Closes the channel and drops what is queued. */
  [Symbol.dispose](): void {
    this.close();
    this.drain();
  }
}
