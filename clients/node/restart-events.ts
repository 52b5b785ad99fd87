import type { SidecarError } from './errors.js';
import type { ExitInfo } from './loss.js';

/** That a sidecar has ended, or could not be started again. */
export interface SidecarEnd {
  /** How its process ended; undefined where a new one could not be started. */
  readonly exit: ExitInfo | undefined;
  /** What its waiters are told: `code` says whether it exited, broke the protocol, or was stuck, or why it did not start. */
  readonly error: SidecarError;
  /** When the next one is started, in ms from now; undefined where there is none. */
  readonly restartInMs: number | undefined;
}

/** That a new sidecar is ready. */
export interface SidecarStart {
  readonly pid: number;
  /** How many have been started again so far, this one included. */
  readonly restarts: number;
  /** For how long there was none, in ms. */
  readonly downMs: number;
}
