import { assertMilliseconds } from './arguments.js';
import { InvalidArgumentError } from './errors.js';
import type { ExhaustedBudget } from './loss.js';

/** How a sidecar that was lost is started again. Everything may be left out. */
export interface RestartOptions {
  /** How many losses within `withinMs` are made up for; one more, and the sidecar is given up. At least 1. Default 5. */
  readonly maxCrashes?: number | undefined;
  /** The time in which losses are counted, in ms, from 1 to 2^31 − 1. Default 60,000. */
  readonly withinMs?: number | undefined;
  /** The pause before the first new start, in ms, at least 0; it doubles with every further loss. Default 100. */
  readonly initialDelayMs?: number | undefined;
  /** The longest pause, in ms, at least 0. Default 10,000. */
  readonly maxDelayMs?: number | undefined;
}

/** @throws InvalidArgumentError */
export function assertRestartOptions(restart: RestartOptions | undefined): void {
  if (restart === undefined) return;
  if (typeof restart !== 'object' || restart === null) throw new InvalidArgumentError('options.restart', 'an object');
  const { maxCrashes } = restart;
  if (maxCrashes !== undefined && !(Number.isSafeInteger(maxCrashes) && maxCrashes >= 1)) {
    throw new InvalidArgumentError('options.restart.maxCrashes', `an integer of at least 1, not ${maxCrashes}`);
  }
  assertMilliseconds(restart.withinMs, 'options.restart.withinMs', 1);
  assertMilliseconds(restart.initialDelayMs, 'options.restart.initialDelayMs', 0);
  assertMilliseconds(restart.maxDelayMs, 'options.restart.maxDelayMs', 0);
}

/** Counts the losses of a sidecar and says how long to wait before the next start. */
export class CrashBudget {
  readonly #maxCrashes: number;
  readonly #withinMs: number;
  readonly #initialDelayMs: number;
  readonly #maxDelayMs: number;
  #crashes: number[] = [];

  constructor({ maxCrashes = 5, withinMs = 60_000, initialDelayMs = 100, maxDelayMs = 10_000 }: RestartOptions) {
    this.#maxCrashes = maxCrashes;
    this.#withinMs = withinMs;
    this.#initialDelayMs = initialDelayMs;
    this.#maxDelayMs = maxDelayMs;
  }

  /** There was one more loss at `now` (ms). Gives how long to wait before the next start, in ms, or why there is none. */
  spend(now: number): number | ExhaustedBudget {
    this.#crashes = [...this.#crashes.filter((at) => now - at < this.#withinMs), now];
    const crashes = this.#crashes.length;
    if (crashes > this.#maxCrashes) return { crashes, maxCrashes: this.#maxCrashes, withinMs: this.#withinMs };
    return Math.min(this.#initialDelayMs * 2 ** (crashes - 1), this.#maxDelayMs);
  }
}
