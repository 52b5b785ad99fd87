import { GaugeModel } from './gauge-model.js';

export interface Item {
  readonly name: number;
  readonly bytes: number;
}

interface Send {
  readonly id: number;
  readonly items: readonly Item[];
}

/** How an operation that may wait has ended. */
export type Outcome = 'sent' | 'channel_closed' | 'batch_too_large' | 'aborted' | 'end' | Item;

/** The rules of a tracked channel, written down once more in the plainest way: two lines and a queue, all arrays. */
export class ChannelModel {
  /** By the id of the operation; those that wait are not in it. */
  readonly outcomes = new Map<number, Outcome>();
  readonly gauge: GaugeModel;
  queue: Item[] = [];
  senders: Send[] = [];
  receivers: number[] = [];
  closed = false;
  enqueued = 0;
  dequeued = 0;

  constructor(
    readonly capacity: number,
    readonly capacityBytes: number,
  ) {
    this.gauge = new GaugeModel(capacity, capacityBytes, 'items');
  }

  send(id: number, items: readonly Item[]): void {
    const isTooLarge = items.length > this.capacity || (items.length > 1 && totalBytes(items) > this.capacityBytes);
    if (this.closed) this.outcomes.set(id, 'channel_closed');
    else if (isTooLarge) this.outcomes.set(id, 'batch_too_large');
    else this.senders.push({ id, items });
    this.#admit();
  }

  trySend(item: Item): boolean {
    if (this.closed || this.senders.length > 0 || !this.#fits([item])) return false;
    this.#enter([item]);
    return true;
  }

  receive(id: number): void {
    const item = this.tryReceive();
    if (item !== undefined) this.outcomes.set(id, item);
    else if (this.closed) this.outcomes.set(id, 'end');
    else this.receivers.push(id);
  }

  tryReceive(): Item | undefined {
    return this.#remove(1)[0];
  }

  drain(): Item[] {
    return this.#remove(this.queue.length);
  }

  abort(id: number): void {
    if (this.outcomes.has(id)) return;
    this.outcomes.set(id, 'aborted');
    this.senders = this.senders.filter((send) => send.id !== id);
    this.receivers = this.receivers.filter((receiver) => receiver !== id);
    this.#admit();
  }

  close(): void {
    this.closed = true;
    for (const { id } of this.senders) this.outcomes.set(id, 'channel_closed');
    for (const id of this.receivers) this.outcomes.set(id, 'end');
    this.senders = [];
    this.receivers = [];
  }

  #fits(items: readonly Item[]): boolean {
    if (this.queue.length === 0) return true;
    const bytes = totalBytes([...this.queue, ...items]);
    return this.queue.length + items.length <= this.capacity && bytes <= this.capacityBytes;
  }

  #admit(): void {
    while (this.senders.length > 0 && this.#fits(this.senders[0]!.items)) {
      const { id, items } = this.senders.shift()!;
      this.outcomes.set(id, 'sent');
      this.#enter(items);
    }
  }

  #enter(items: readonly Item[]): void {
    this.enqueued += items.length;
    for (const item of items) {
      const receiver = this.receivers.shift();
      if (receiver === undefined) {
        this.queue.push(item);
      } else {
        this.outcomes.set(receiver, item);
        this.dequeued += 1;
      }
    }
    this.gauge.set(this.queue.length, totalBytes(this.queue));
  }

  #remove(count: number): Item[] {
    const items = this.queue.splice(0, count);
    this.dequeued += items.length;
    this.gauge.set(this.queue.length, totalBytes(this.queue));
    this.#admit();
    return items;
  }
}

function totalBytes(items: readonly Item[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}
