import type { BoundedChannel } from './bounded-channel.js';

/** Where items go into a tracked channel. Any number of producers may share it. */
export class TrackedSyncSender<T> implements Disposable {
  readonly #channel: BoundedChannel<T>;

  constructor(channel: BoundedChannel<T>) {
    this.#channel = channel;
  }

  /**
   * Sends an item. Waits while the channel is full, behind those who waited before.
   * @throws ChannelClosedError where the channel is closed, or is closed while the item waits
   * @throws the reason of `signal`, with nothing left behind
   */
  send(item: T, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.#channel.send([item], options.signal);
  }

  /** Sends an item if there is room for it now and nobody waits. False where there is not, or the channel is closed. */
  trySend(item: T): boolean {
    return this.#channel.trySend(item);
  }

  /**
   * Sends all items together, in their order: waits until all of them fit at once.
   * @throws BatchTooLargeError where they would not fit even if the channel were empty
   * @throws ChannelClosedError, or the reason of `signal`, as `send` does: then none of them was sent
   */
  sendAll(items: readonly T[], options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.#channel.send(items, options.signal);
  }

  /** Nothing more can be sent; what is in the channel can still be received. Who waits to send is rejected. */
  close(): void {
    this.#channel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
