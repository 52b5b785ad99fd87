import type { Shutdown } from '../../protocol/index.js';
import { assertMilliseconds } from './arguments.js';
import { happensWithin } from './deadline.js';
import { deferred } from './deferred.js';
import { InvalidArgumentError } from './errors.js';
import { assertGraceMs, type Descent, descend, type GraceMs } from './ladder.js';

/** How a sidecar is to be closed. */
export interface CloseOptions {
  /** `drain` (the default) finishes every task that was submitted; `now` cancels them. */
  readonly mode?: 'drain' | 'now' | undefined;
  /**
   * How long the tasks may take to finish (`drain`, default 30,000) or to die (`now`, default 5,000), in ms. What has
   * not finished then is cancelled.
   */
  readonly deadlineMs?: number | undefined;
  /** How long each step after that may take. Default: that of `Sidecar.spawn`. */
  readonly graceMs?: GraceMs | undefined;
}

/** @throws InvalidArgumentError */
export function assertCloseOptions({ mode, deadlineMs, graceMs }: CloseOptions): void {
  if (mode !== undefined && mode !== 'drain' && mode !== 'now') {
    throw new InvalidArgumentError('options.mode', `'drain' or 'now', not ${String(mode)}`);
  }
  assertMilliseconds(deadlineMs, 'options.deadlineMs', 0);
  assertGraceMs(graceMs);
}

/** What closing acts on. */
export interface ClosingSidecar extends Descent {
  /** Resolves once nothing more is to be expected of the sidecar: it said `bye`, broke the protocol, or is gone. */
  readonly over: Promise<void>;
  /** Resolves once no task waits to be sent. */
  readonly allSent: () => Promise<void>;
  /** Cancels the tasks that wait to be sent. */
  readonly cancelUnsent: () => void;
  readonly shutdown: (request: Shutdown) => void;
}

const DEFAULT_DRAIN_MS = 30_000;
const DEFAULT_NOW_MS = 5_000;

/**
 * The closing of a sidecar: it is asked to end, and where it does not, it is ended. Never takes longer than the
 * deadline and the graces of the steps after it.
 */
export class Closing {
  readonly #sidecar: ClosingSidecar;
  readonly #hurried = deferred<void>();
  #isHurried = false;
  #nowMs = DEFAULT_NOW_MS;

  constructor(sidecar: ClosingSidecar) {
    this.#sidecar = sidecar;
  }

  /** Resolves once the sidecar is gone, or every step has been taken. */
  async run({ mode = 'drain', deadlineMs }: CloseOptions): Promise<void> {
    let isOver = false;
    void this.#sidecar.over.then(() => {
      isOver = true;
    });
    if (mode === 'now') this.hurry(deadlineMs);
    else await this.#drain(deadlineMs ?? DEFAULT_DRAIN_MS);
    if (this.#isHurried && !isOver) await this.#cancelAll();
    await descend(this.#sidecar, isOver ? 'bye' : 'endOfStdin');
  }

  /** Cancels what a drain would have waited for. */
  hurry(deadlineMs = DEFAULT_NOW_MS): void {
    this.#nowMs = deadlineMs;
    this.#isHurried = true;
    this.#hurried.resolve();
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { over, allSent, cancelUnsent, shutdown, onStep, graces } = this.#sidecar;
    const deadline = performance.now() + deadlineMs;
    await happensWithin(deadlineMs, allSent(), over, this.#hurried.promise);
    if (this.#isHurried) return;
    cancelUnsent();
    const remainingMs = Math.max(0, Math.round(deadline - performance.now()));
    onStep('shutdown');
    shutdown({ mode: 'drain', deadlineMs: remainingMs });
    await happensWithin(remainingMs + graces().shutdown, over, this.#hurried.promise);
  }

  async #cancelAll(): Promise<void> {
    const { over, cancelUnsent, shutdown, onStep } = this.#sidecar;
    cancelUnsent();
    onStep('shutdown');
    shutdown({ mode: 'now' });
    await happensWithin(this.#nowMs, over);
  }
}
