import type { SidecarFrame } from '../../protocol/index.js';

/** A frame of the sidecar; `at` is when it was read, in ms on the clock of `performance.now()`. */
export type ReceivedFrame = SidecarFrame & { readonly at: number };

/** What a frame has to be, to be the one that is waited for. */
export type FrameMatch<Type extends SidecarFrame['type']> = { readonly type: Type; readonly id?: number };

interface Waiter {
  readonly isMatch: (frame: ReceivedFrame) => boolean;
  readonly resolve: (frame: ReceivedFrame) => void;
  readonly reject: (reason: Error) => void;
}

/** Every frame that came, in the order in which they came. */
export class FrameLog {
  readonly frames: ReceivedFrame[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #circumstances: () => string;
  #end: string | null = null;

  /** @param circumstances is added to the message when a frame is waited for in vain */
  constructor(circumstances: () => string) {
    this.#circumstances = circumstances;
  }

  add(frame: SidecarFrame): void {
    const received = { ...frame, at: performance.now() };
    this.frames.push(received);
    for (const waiter of this.#waiters) if (waiter.isMatch(received)) waiter.resolve(received);
  }

  /** Nothing more will come: everybody who waits is told why. */
  end(reason: string): void {
    this.#end ??= reason;
    for (const { reject } of this.#waiters) reject(this.#vain(this.#end));
  }

  /** The first frame that matches, be it here or still to come. */
  async waitFor(isMatch: (frame: ReceivedFrame) => boolean, deadlineMs: number): Promise<ReceivedFrame> {
    const present = this.frames.find(isMatch);
    if (present !== undefined) return present;
    if (this.#end !== null) throw this.#vain(this.#end);
    return this.#coming(isMatch, deadlineMs);
  }

  #coming(isMatch: (frame: ReceivedFrame) => boolean, deadlineMs: number): Promise<ReceivedFrame> {
    return new Promise((resolve, reject) => {
      const giveUp = () => waiter.reject(this.#vain(`it did not come within ${deadlineMs} ms`));
      const timer = setTimeout(giveUp, deadlineMs);
      const leave = <Outcome>(settle: (outcome: Outcome) => void) => {
        return (outcome: Outcome) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          settle(outcome);
        };
      };
      const waiter: Waiter = { isMatch, resolve: leave(resolve), reject: leave(reject) };
      this.#waiters.add(waiter);
    });
  }

  #vain(reason: string): Error {
    const last = this.frames.slice(-20).map(({ type, id }) => `${type} ${id}`);
    return new Error(
      `a frame was waited for in vain: ${reason}\nlast frames: ${last.join(', ')}\n${this.#circumstances()}`,
    );
  }
}
