import { BatchTooLargeError, ChannelClosedError } from './errors.js';
import { LinkedQueue } from './linked-queue.js';
import type { Park } from './park-log.js';
import type { QueueGauge } from './queue-gauge.js';
import { toCount } from './to-count.js';
import { WaitingLine } from './waiting-line.js';

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
  /** When it came into the queue. */
  since: number;
}

interface Batch<T> {
  readonly entries: readonly Entry<T>[];
  readonly bytes: number;
}

type WaitingBatch<T> = Batch<T> & { readonly park: Park };

/**
 * The queue between the two ends of a tracked channel.
 *
 * - Never more than `capacity` items, nor more than `capacityBytes` bytes, except that one item that is larger alone
 *   gets in when nothing else is queued.
 * - Senders get in in the order in which they came, each with all that it sends at once or not at all.
 * - An item goes straight to a receiver that waits; it is counted and was never queued.
 * - The gauge is told after each change, when the queue is whole again.
 */
export class BoundedChannel<T> {
  readonly #gauge: QueueGauge;
  readonly #sizeOf: (item: T) => number;
  readonly #queue = new LinkedQueue<Entry<T>>();
  readonly #senders = new WaitingLine<WaitingBatch<T>, void>((batch) => {
    batch.park.end();
    this.#admitSenders();
  });
  readonly #receivers = new WaitingLine<null, T | undefined>();
  #queuedBytes = 0;
  #closed = false;

  constructor(options: { gauge: QueueGauge; sizeOf: (item: T) => number }) {
    this.#gauge = options.gauge;
    this.#sizeOf = options.sizeOf;
  }

  async send(items: readonly T[], signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed) throw new ChannelClosedError(this.#gauge.limit);
    const batch = this.#batchOf(items);
    this.#refuseTooLarge(batch);
    if (this.#canEnter(batch)) this.#enter(batch);
    else await this.#senders.wait({ ...batch, park: this.#gauge.park() }, signal);
  }

  trySend(item: T): boolean {
    const batch = this.#batchOf([item]);
    if (this.#closed || !this.#canEnter(batch)) return false;
    this.#enter(batch);
    return true;
  }

  async receive(signal: AbortSignal | undefined): Promise<T | undefined> {
    signal?.throwIfAborted();
    const entry = this.#take();
    if (entry !== undefined) return entry.item;
    return this.#closed ? undefined : this.#receivers.wait(null, signal);
  }

  tryReceive(): T | undefined {
    return this.#take()?.item;
  }

  /** Takes everything that is queued. */
  drain(): T[] {
    const items: T[] = [];
    const now = performance.now();
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      items.push(entry.item);
      this.#gauge.recordWait(now - entry.since);
    }
    const bytes = this.#queuedBytes;
    this.#queuedBytes = 0;
    this.#gauge.dequeue(bytes, items.length);
    this.#afterRemoval();
    return items;
  }

  /** Nothing more comes in: who waits to send is rejected, who waits to receive gets undefined. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (let batch = this.#senders.first; batch !== undefined; batch = this.#senders.first) {
      batch.park.end();
      this.#senders.rejectFirst(new ChannelClosedError(this.#gauge.limit));
    }
    while (this.#receivers.length > 0) this.#receivers.resolveFirst(undefined);
    this.#afterRemoval();
  }

  #batchOf(items: readonly T[]): Batch<T> {
    const entries = items.map((item) => ({ item, bytes: toCount(this.#sizeOf(item)), since: 0 }));
    return { entries, bytes: totalBytes(entries) };
  }

  #refuseTooLarge({ entries, bytes }: Batch<T>): void {
    const { limit, unit, capacity, capacityBytes = Number.POSITIVE_INFINITY, configKey, configKeyBytes } = this.#gauge;
    if (entries.length > capacity) {
      throw new BatchTooLargeError({ limit, size: entries.length, capacity, unit, configKey });
    }
    if (entries.length > 1 && bytes > capacityBytes) {
      const bound = { capacity: capacityBytes, unit: 'bytes', configKey: configKeyBytes } as const;
      throw new BatchTooLargeError({ limit, size: bytes, ...bound });
    }
  }

  /** Nobody is overtaken, not even by what would fit. */
  #canEnter(batch: Batch<T>): boolean {
    return this.#senders.length === 0 && this.#fits(batch);
  }

  #fits({ entries, bytes }: Batch<T>): boolean {
    const { capacity, capacityBytes = Number.POSITIVE_INFINITY } = this.#gauge;
    if (this.#queue.length === 0) return true;
    return this.#queue.length + entries.length <= capacity && this.#queuedBytes + bytes <= capacityBytes;
  }

  #enter({ entries }: Batch<T>): void {
    const handedOver = Math.min(this.#receivers.length, entries.length);
    for (const { item, bytes } of entries.slice(0, handedOver)) {
      this.#receivers.resolveFirst(item);
      this.#gauge.passThrough(bytes);
      this.#gauge.recordWait(0);
    }
    const queued = entries.slice(handedOver);
    const queuedBytes = totalBytes(queued);
    const now = performance.now();
    for (const entry of queued) {
      entry.since = now;
      this.#queue.push(entry);
    }
    this.#queuedBytes += queuedBytes;
    this.#gauge.enqueue(queuedBytes, queued.length);
  }

  #take(): Entry<T> | undefined {
    const entry = this.#queue.shift();
    if (entry === undefined) return undefined;
    this.#queuedBytes -= entry.bytes;
    this.#gauge.dequeue(entry.bytes);
    this.#gauge.recordWait(performance.now() - entry.since);
    this.#afterRemoval();
    return entry;
  }

  /** The room goes to those who wait; the gauge goes with the last item of a closed channel. */
  #afterRemoval(): void {
    this.#admitSenders();
    if (this.#closed && this.#queue.length === 0) this.#gauge.close();
  }

  #admitSenders(): void {
    for (let batch = this.#senders.first; batch !== undefined && this.#fits(batch); batch = this.#senders.first) {
      batch.park.end();
      this.#senders.resolveFirst();
      this.#enter(batch);
    }
  }
}

function totalBytes<T>(entries: readonly Entry<T>[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}
