import type { LimitWarning } from '../../protocol/index.js';
import type { OutputEncoding } from './results.js';
import type { TaskInput } from './task-input.js';

/** What every call that waits takes. */
export interface SignalOptions {
  /** Aborts the call, which then rejects with the signal's reason. A task that is under way is cancelled. */
  readonly signal?: AbortSignal | undefined;
}

/** How the results of a call are given. */
export interface BatchOptions<Encoding extends OutputEncoding = 'utf8'> extends SignalOptions {
  /** `utf8` (the default) gives `stdout` and `stderr` as text, `bytes` as Uint8Array. */
  readonly encoding?: Encoding | undefined;
}

/** Options of `run`: the fields of a task, and how to wait for it. */
export interface RunOptions<Encoding extends OutputEncoding = 'utf8'>
  extends Omit<TaskInput, 'command' | 'args'>,
    BatchOptions<Encoding> {
  /** Called with each warning about one of the task's limits, before the result is there. */
  readonly onLimitWarning?: ((warning: LimitWarning) => void) | undefined;
}

/** Options of `map`. */
export interface MapOptions<Encoding extends OutputEncoding = 'utf8'> extends BatchOptions<Encoding> {
  /** `true` (the default) yields results in the order of their items, `false` as they come. */
  readonly ordered?: boolean | undefined;
}
