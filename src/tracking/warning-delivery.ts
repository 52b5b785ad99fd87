import type { LimitWarning } from '../../protocol/index.js';
import { SIDECAR_SCOPE } from './gauge-options.js';

/** Takes every warning, on the turn of the producer that caused it: it must be cheap and must not wait. */
export type LimitWarningHandler = (warning: LimitWarning) => void;

/** How many warnings wait while there is no handler: more than the three that each limit of the sidecar can have. */
export const MAX_HELD_WARNINGS = 256;

/**
 * Brings warnings to the handler, in the order of their `seq`.
 *
 * - While there is no handler they are held: of those with the same scope, limit and kind only the newest. They are
 *   delivered as soon as there is a handler. Where more than 256 are held, the oldest of a task is dropped: those of
 *   the sidecar itself never are.
 * - What a handler throws, or rejects with, reaches nobody but `onFailure`, and only the first time.
 */
export class WarningDelivery {
  readonly #held = new Map<string, LimitWarning>();
  readonly #onFailure: (error: unknown) => void;
  #handler: LimitWarningHandler | null = null;
  #hasFailed = false;
  #delivering = false;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Sets the handler, and delivers what is held; null removes it. */
  setHandler(handler: LimitWarningHandler | null): void {
    this.#handler = handler;
    this.#hasFailed = false;
    this.#deliver();
  }

  /** Delivers a warning: at once, or after those that are being delivered now. */
  add(warning: LimitWarning): void {
    this.#hold(warning);
    this.#deliver();
  }

  #hold(warning: LimitWarning): void {
    const key = `${warning.limit} ${warning.kind} ${warning.scope}`;
    this.#held.delete(key);
    this.#held.set(key, warning);
    if (this.#held.size > MAX_HELD_WARNINGS) this.#dropOldestOfTask();
  }

  #dropOldestOfTask(): void {
    for (const [key, { scope }] of this.#held) {
      if (scope === SIDECAR_SCOPE) continue;
      this.#held.delete(key);
      return;
    }
  }

  /** A map that is walked also visits what is added meanwhile, so warnings that a handler causes keep their order. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    for (const [key, warning] of this.#held) {
      if (this.#handler === null) break;
      this.#held.delete(key);
      void this.#call(this.#handler, warning);
    }
    this.#delivering = false;
  }

  /** Calls the handler before it returns. Never rejects. */
  async #call(handler: LimitWarningHandler, warning: LimitWarning): Promise<void> {
    try {
      await handler(warning);
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#onFailure(error);
    }
  }
}
