import type { LimitCategory, LimitUnit, QueueSnapshot } from '../../protocol/index.js';
import { FillAlarm } from './fill-alarm.js';
import { fillPercent } from './fill-percent.js';
import { configKeysOf, type GaugeOptions, SIDECAR_SCOPE } from './gauge-options.js';
import { NOBODY_PARKED, type Park, type ParkLog } from './park-log.js';
import type { Link, LinkReading } from './stall.js';
import { toCount } from './to-count.js';
import { type TrackedLimit, trackedLimits } from './tracked-limit.js';
import { WaitHistogram } from './wait-histogram.js';

/** How full a limit is, in the dimension that is the fuller one. */
export interface FillReading extends LinkReading {
  readonly fillPercent: number;
  readonly configKey: string;
}

/** Hears of a gauge, on the turn of the producer that caused it. Must not throw. */
export interface GaugeObserver {
  onEdge(gauge: QueueGauge, kind: 'near' | 'recovered', reading: FillReading): void;
  onClosed(gauge: QueueGauge): void;
  /** Where the producers of the gauge wait: it is asked for once, when the first of them does. */
  openParks(gauge: QueueGauge): ParkLog;
}

/**
 * The live usage of one bounded queue, or of another limit. A queue may be bounded in items and in bytes: the fuller
 * of the two counts. Made by `QueueRegistry.register`.
 *
 * - Filled to 80 % or more it warns once; then it must drain to 50 % or less before it warns again.
 * - No call ever throws, whatever is reported, and whatever listens to the warnings.
 * - What is reported is recorded as it is: warnings and `highWater` tell the true figure even above the capacity. Only
 *   `depth` in a snapshot is cut off at the capacity.
 */
export class QueueGauge implements Disposable {
  readonly limit: TrackedLimit;
  readonly category: LimitCategory;
  /** The unit of `capacity` and of every depth. */
  readonly unit: LimitUnit;
  readonly scope: string;
  readonly capacity: number;
  readonly capacityBytes: number | undefined;
  /** The setting that raises `capacity`. */
  readonly configKey: string;
  /** The setting that raises `capacityBytes`. */
  readonly configKeyBytes: string;
  /** The link of the chain at which the producers of a queue wait. */
  readonly link: Link | undefined;
  readonly #observer: GaugeObserver;
  readonly #alarm = new FillAlarm();
  #parks: ParkLog | null = null;
  readonly #waits = new WaitHistogram();
  #depth = 0;
  #depthBytes = 0;
  #highWater = 0;
  #enqueued = 0;
  #dequeued = 0;
  #closed = false;

  constructor(options: GaugeOptions, observer: GaugeObserver) {
    const { category, unit } = trackedLimits[options.limit];
    this.limit = options.limit;
    this.category = category;
    this.unit = unit;
    this.scope = options.scope ?? SIDECAR_SCOPE;
    this.capacity = options.capacity;
    this.capacityBytes = options.capacityBytes;
    const { configKey, configKeyBytes } = configKeysOf(options.limit, options.configKey);
    this.configKey = configKey;
    this.configKeyBytes = configKeyBytes;
    this.link = options.link;
    this.#observer = observer;
  }

  /**
   * Something has come into the queue. In a queue that is measured in bytes its depth rises by `bytes`, in any other
   * by `items`.
   * @param bytes what all of it weighs
   * @param items how many came in together: they are judged as one
   */
  enqueue(bytes = 0, items = 1): void {
    const amount = this.#amount(bytes, items);
    this.#enqueued = toCount(this.#enqueued + amount);
    this.observeDepth(this.#depth + amount, this.#depthBytes + toCount(bytes));
  }

  /** The same has left the queue. What was never in it is not counted: the depth ends at 0. */
  dequeue(bytes = 0, items = 1): void {
    const amount = Math.min(this.#amount(bytes, items), this.#depth);
    this.#dequeued = toCount(this.#dequeued + amount);
    this.observeDepth(this.#depth - amount, this.#depthBytes - toCount(bytes));
  }

  /** Something went straight from a producer to a consumer: it is counted, and was never in the queue. */
  passThrough(bytes = 0, items = 1): void {
    const amount = this.#amount(bytes, items);
    this.#enqueued = toCount(this.#enqueued + amount);
    this.#dequeued = toCount(this.#dequeued + amount);
  }

  /** What has left the queue had been in it for so long, in ms: one call for each item that is to count. */
  recordWait(waitedMs: number): void {
    this.#waits.record(waitedMs);
  }

  /**
   * This is how much is used now. Fractions are cut off; below 0 is 0.
   * @param depth in `unit`
   * @param depthBytes for a queue that has a byte bound as well; left out, the bytes stay as they are
   */
  observeDepth(depth: number, depthBytes = this.#depthBytes): void {
    this.#depth = toCount(depth);
    this.#depthBytes = toCount(depthBytes);
    this.#highWater = Math.max(this.#highWater, this.#depth);
    this.#warnAtEdge();
  }

  /** A producer waits for room until what is returned is ended, or disposed of. */
  park(): Park {
    this.#parks ??= this.#observer.openParks(this);
    return this.#parks.park();
  }

  /**
   * The limit has struck: where `near` has not been said since the gauge was armed, it is said now with this reading,
   * however little the gauge itself has seen.
   */
  warnBeforeExhausted(reading: FillReading): void {
    if (this.#closed || this.capacity === 0) return;
    if (this.#alarm.disarm()) this.#observer.onEdge(this, 'near', reading);
  }

  /** `depth` is at most `capacity`, unless that is 0; `fillPercent` is that of the depths shown; queues have `waitMs`. */
  snapshot(): QueueSnapshot {
    const { capacity, capacityBytes } = this;
    const depth = capacity === 0 ? this.#depth : Math.min(this.#depth, capacity);
    return {
      name: this.limit,
      category: this.category,
      scope: this.scope,
      unit: this.unit,
      capacity,
      ...(capacityBytes !== undefined && { capacityBytes }),
      depth,
      ...(capacityBytes !== undefined && { depthBytes: this.#depthBytes }),
      highWater: this.#highWater,
      fillPercent: Math.max(fillPercent(depth, capacity), this.#fillPercentBytes()),
      enqueued: this.#enqueued,
      dequeued: this.#dequeued,
      ...(this.#parks?.totals() ?? NOBODY_PARKED),
      ...(this.category === 'queue' && { waitMs: this.#waits.percentiles() }),
    };
  }

  /** How full the queue is now, as it was reported. */
  reading(): FillReading {
    const percent = this.#fillPercentDepth();
    const percentBytes = this.#fillPercentBytes();
    if (this.capacityBytes === undefined || percent >= percentBytes) {
      const { capacity, unit, configKey } = this;
      return { observed: this.#depth, capacity, fillPercent: percent, unit, configKey };
    }
    return {
      observed: this.#depthBytes,
      capacity: this.capacityBytes,
      fillPercent: percentBytes,
      unit: 'bytes',
      configKey: this.configKeyBytes,
    };
  }

  /** The queue is gone: it leaves the registry and never warns again. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#observer.onClosed(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #amount(bytes: number, items: number): number {
    return toCount(this.unit === 'bytes' ? bytes : items);
  }

  #warnAtEdge(): void {
    if (this.#closed) return;
    const kind = this.#alarm.observe(Math.max(this.#fillPercentDepth(), this.#fillPercentBytes()));
    if (kind !== null) this.#observer.onEdge(this, kind, this.reading());
  }

  #fillPercentDepth(): number {
    return fillPercent(this.#depth, this.capacity);
  }

  #fillPercentBytes(): number {
    return fillPercent(this.#depthBytes, this.capacityBytes ?? 0);
  }
}
