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
  readonly #controller = new AbortController();

  /** The cause, or null where the task may go on. */
  get cause(): TerminationCause | null {
    return this.#cause;
  }

  /** Aborts when a cause is there. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The task has ended: what has not been the cause by now never will be. */
  conclude(): void {
    this.#concluded = true;
  }

  /** Ends the task for this cause. False where an earlier cause has won. */
  settle(cause: TerminationCause): boolean {
    if (this.#cause !== null || this.#concluded) return false;
    this.#cause = cause;
    this.#controller.abort();
    return true;
  }
}
