import type { FillReading, QueueGauge } from '../tracking/index.js';

export interface RoomBounds {
  readonly capacity: number;
  readonly capacityBytes?: number;
  /** How many places one key may hold. */
  readonly capacityPerKey?: number;
}

interface Request {
  readonly bytes: number;
  readonly key: number;
  readonly admit: () => void;
}

/**
 * The places of a bounded queue whose frames are kept elsewhere. Who wants a place waits for it in order; a key that
 * holds its share lets the others pass. Something larger than the byte bound gets in when the queue is empty.
 */
export class RoomQueue {
  readonly #gauge: QueueGauge;
  readonly #bounds: Required<RoomBounds>;
  readonly #held = new Map<number, number>();
  readonly #requests: Request[] = [];
  #items = 0;
  #bytes = 0;
  #opened = false;

  constructor(gauge: QueueGauge, bounds: RoomBounds) {
    this.#gauge = gauge;
    this.#bounds = {
      capacityBytes: Number.POSITIVE_INFINITY,
      capacityPerKey: Number.POSITIVE_INFINITY,
      ...bounds,
    };
  }

  /** Takes a place without asking for one. */
  enter(bytes = 0, key = 0): void {
    this.#items += 1;
    this.#bytes += bytes;
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    this.#gauge.enqueue(bytes);
  }

  /** Takes a place at once and answers undefined, or resolves when the place has been given. */
  request(bytes: number, key: number): Promise<void> | undefined {
    if (this.#requests.length === 0 && this.#fits(bytes, key)) {
      this.enter(bytes, key);
      return undefined;
    }
    const turn = this.#wait(bytes, key, () => this.enter(bytes, key));
    this.#admit();
    return turn;
  }

  /** Resolves when there is a place, which is not taken; answers undefined where there is one now. */
  available(): Promise<void> | undefined {
    return this.#fits(0, 0) ? undefined : this.#wait(0, 0, () => {});
  }

  /** Gives a place back. `waitedMs` is how long it was held. */
  leave(bytes = 0, key = 0, waitedMs = 0): void {
    this.#items -= 1;
    this.#bytes -= bytes;
    const held = (this.#held.get(key) ?? 0) - 1;
    if (held > 0) this.#held.set(key, held);
    else this.#held.delete(key);
    this.#gauge.dequeue(bytes);
    this.#gauge.recordWait(waitedMs);
    this.#admit();
  }

  /** There is room for everybody from now on: what is added is not kept any more. */
  open(): void {
    this.#opened = true;
    for (const request of this.#requests.splice(0)) request.admit();
  }

  /** How full the queue is, in items or bytes, whichever is the fuller. */
  reading(): FillReading {
    return this.#gauge.reading();
  }

  close(): void {
    this.#gauge.close();
  }

  #fits(bytes: number, key: number): boolean {
    const { capacity, capacityBytes, capacityPerKey } = this.#bounds;
    if (this.#opened || this.#items === 0) return true;
    return (
      this.#items < capacity && this.#bytes + bytes <= capacityBytes && (this.#held.get(key) ?? 0) < capacityPerKey
    );
  }

  #wait(bytes: number, key: number, enter: () => void): Promise<void> {
    const park = this.#gauge.park();
    return new Promise((resolve) => {
      const admit = () => {
        park.end();
        enter();
        resolve();
      };
      this.#requests.push({ bytes, key, admit });
    });
  }

  #admit(): void {
    for (let at = 0; at < this.#requests.length; ) {
      const request = this.#requests[at]!;
      if (this.#fits(request.bytes, request.key)) {
        this.#requests.splice(at, 1);
        request.admit();
      } else if (this.#holdsItsShare(request.key)) {
        at += 1;
      } else {
        break;
      }
    }
  }

  #holdsItsShare(key: number): boolean {
    return (this.#held.get(key) ?? 0) >= this.#bounds.capacityPerKey;
  }
}
