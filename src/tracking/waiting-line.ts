import { LinkedQueue } from './linked-queue.js';

interface Waiter<Request, Outcome> {
  readonly request: Request;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (reason: unknown) => void;
  readonly forgetSignal: () => void;
}

/** Those who wait for something, each until it is their turn or they give up. Who leaves, leaves nothing behind. */
export class WaitingLine<Request, Outcome> {
  readonly #waiters = new LinkedQueue<Waiter<Request, Outcome>>();
  readonly #onWithdrawn: (request: Request) => void;

  /** @param onWithdrawn is called when somebody has given up and is out of the line */
  constructor(onWithdrawn: (request: Request) => void = () => {}) {
    this.#onWithdrawn = onWithdrawn;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** What the first in the line waits for. */
  get first(): Request | undefined {
    return this.#waiters.first?.request;
  }

  /** Joins the line at its end. Rejects with the reason of `signal`, which must not have aborted before. */
  wait(request: Request, signal: AbortSignal | undefined): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const withdraw = () => {
        this.#waiters.remove(place);
        reject(signal?.reason);
        this.#onWithdrawn(request);
      };
      const forgetSignal = () => signal?.removeEventListener('abort', withdraw);
      const place = this.#waiters.push({ request, resolve, reject, forgetSignal });
      signal?.addEventListener('abort', withdraw, { once: true });
    });
  }

  /** The first in the line has got what it waited for. */
  resolveFirst(outcome: Outcome): void {
    this.#leaveFirst()?.resolve(outcome);
  }

  /** The first in the line will never get what it waits for. */
  rejectFirst(reason: unknown): void {
    this.#leaveFirst()?.reject(reason);
  }

  #leaveFirst(): Waiter<Request, Outcome> | undefined {
    const waiter = this.#waiters.shift();
    waiter?.forgetSignal();
    return waiter;
  }
}
