import { vi } from 'vitest';
import { type GaugeOptions, type QueueGauge, QueueRegistry, type Stall } from '../../../src/tracking/index.js';
import { createKeepingLogger, type KeepingLogger } from '../../support/logs.js';

/** A registry whose clock stands still until the test moves it, with every stall that it tells. */
export interface Watched {
  readonly registry: QueueRegistry;
  readonly logger: KeepingLogger;
  readonly stalls: Stall[];
  /** A queue at whose link producers may be parked. */
  queue(name: string, options?: Partial<GaugeOptions>): QueueGauge;
  /** What was told so far, and is told no more: the kind, the link and the time in ms. */
  told(): string[];
}

/** The test gives the real time back with `vi.useRealTimers()`. */
export function watchedRegistry(): Watched {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  const logger = createKeepingLogger();
  const registry = new QueueRegistry({ logger });
  const stalls: Stall[] = [];
  registry.setStallHandler((stall) => stalls.push(stall));
  return {
    registry,
    logger,
    stalls,
    queue: (name, options = {}) =>
      registry.register({
        limit: 'schedulerQueue',
        capacity: 10,
        link: { name, slow: () => 'the test is slow' },
        ...options,
      }),
    told: () => stalls.splice(0).map(({ kind, link, stalledMs }) => `${kind} ${link} ${stalledMs}`),
  };
}

/** Lets time pass, in ms. */
export function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
}
