import { FrameReader, type RawFrame } from '../../protocol/index.js';

/** What has come from the peer: a frame, or that nothing more will come and whether that was a fault of its own. */
export type Arrival = { readonly frame: RawFrame } | { readonly end: true } | { readonly fault: unknown };

/** The frames of the peer in their order, until they are asked for. */
export class FrameInbox {
  readonly #reader = new FrameReader();
  readonly #check: (frame: RawFrame) => unknown;
  readonly #waiting: Arrival[] = [];
  #last: Arrival | null = null;
  #wake = () => {};

  /** @param check throws for a frame that the peer must not send */
  constructor(check: (frame: RawFrame) => unknown) {
    this.#check = check;
  }

  /** Takes bytes of the stream. What comes behind a fault is not understood any more. */
  receive(chunk: Uint8Array): void {
    this.#guard(() => {
      for (const frame of this.#reader.push(chunk)) {
        this.#check(frame);
        this.#add({ frame });
      }
    });
  }

  /** The stream has ended. */
  end(): void {
    this.#guard(() => this.#reader.end());
    this.#last ??= { end: true };
    this.#wake();
  }

  /** The next arrival, which stays where it is; undefined where there is none until `deadline`, in ms of `performance.now()`. */
  async peek(deadline: number): Promise<Arrival | undefined> {
    while (this.#waiting.length === 0 && this.#last === null) {
      const left = deadline - performance.now();
      if (left <= 0) return undefined;
      await this.#wokenWithin(left);
    }
    return this.#waiting[0] ?? this.#last ?? undefined;
  }

  /** Takes the frame away that `peek` has shown. */
  shift(): void {
    this.#waiting.shift();
  }

  /** Puts arrivals that were taken away in front again. */
  putBack(arrivals: readonly Arrival[]): void {
    this.#waiting.unshift(...arrivals);
  }

  #add(arrival: Arrival): void {
    this.#waiting.push(arrival);
    this.#wake();
  }

  #guard(act: () => void): void {
    if (this.#last !== null) return;
    try {
      act();
    } catch (fault) {
      this.#last = { fault };
      this.#wake();
    }
  }

  #wokenWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
