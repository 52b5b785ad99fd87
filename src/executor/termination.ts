import type { LimitEvidence, TaskStatus, WireError } from '../../protocol/index.js';

/** Why a task ends other than by itself. */
export interface TerminationCause {
  readonly status: TaskStatus;
  readonly error?: WireError;
  readonly evidence?: LimitEvidence;
}

/** Holds why a task is ended. The first cause wins and is never overwritten; that it ended by itself is one, too. */
export class Termination {
  #cause: TerminationCause | null = null;
  #concluded = false;
  readonly #onSettled: (() => void)[] = [];
  #controller: AbortController | null = null;

  /** The cause, or null where the task may go on. */
  get cause(): TerminationCause | null {
    return this.#cause;
  }

  /** Aborts when a cause is there. Made for who asks for it: a signal is dear, and most tasks end by themselves. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      this.whenSettled(() => controller.abort());
    }
    return this.#controller.signal;
  }

  /** Calls `act` once, when a cause is there: at once where there is one. */
  whenSettled(act: () => void): void {
    if (this.#cause !== null) act();
    else this.#onSettled.push(act);
  }

  /** The task has ended: what has not been the cause by now never will be. */
  conclude(): void {
    this.#concluded = true;
  }

  /** Ends the task for this cause. False where an earlier cause has won. */
  settle(cause: TerminationCause): boolean {
    if (this.#cause !== null || this.#concluded) return false;
    this.#cause = cause;
    for (const act of this.#onSettled.splice(0)) act();
    return true;
  }
}
