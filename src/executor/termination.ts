import type { LimitEvidence, TaskStatus, WireError } from '../../protocol/index.js';

/** Why a task ends other than by itself. */
export interface TerminationCause {
  readonly status: TaskStatus;
  readonly error?: WireError;
  readonly evidence?: LimitEvidence;
}

/** Holds why a task is ended. The first cause wins and is never overwritten. */
export class Termination {
  #cause: TerminationCause | null = null;
  readonly #controller = new AbortController();

  /** The cause, or null where the task may go on. */
  get cause(): TerminationCause | null {
    return this.#cause;
  }

  /** Aborts when a cause is there. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the task for this cause. False where an earlier cause has won. */
  settle(cause: TerminationCause): boolean {
    if (this.#cause !== null) return false;
    this.#cause = cause;
    this.#controller.abort();
    return true;
  }
}
