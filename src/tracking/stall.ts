import type { LimitUnit } from '../../protocol/index.js';

/** How full the queue at a link is, and the setting that changes its capacity, where there is one. */
export interface LinkReading {
  readonly observed: number;
  readonly capacity: number;
  readonly unit: LimitUnit;
  readonly configKey?: string;
}

/** A link of the chain from the host to the processes and back. */
export interface Link {
  /** From where to where, as in `outbox → host`. */
  readonly name: string;
  /** Who keeps the link from going on, asked while it is stalled, as in `the host does not read`. */
  readonly slow: () => string;
}

/** A link that is watched for stalls. `scope` is `sidecar`, or the execution id of the task whose link it is. */
export interface WatchedLink extends Link {
  readonly scope: string;
  readonly reading: () => LinkReading;
}

/** What is told of a link: that it is stalled, or that it goes on after it was told to be stalled. */
export interface Stall extends LinkReading {
  readonly kind: 'stalled' | 'goesOn';
  readonly link: string;
  readonly scope: string;
  readonly slow: string;
  /** How long this stall has lasted. */
  readonly stalledMs: number;
  /** How many other links are stalled for more than a second at this time, told or not. */
  readonly others: number;
}

/** Takes every stall that is told, on a turn of its own or of who ended it: it must be cheap and must not wait. */
export type StallHandler = (stall: Stall) => void;
