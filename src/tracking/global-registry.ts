import type { QueueSnapshot } from '../../protocol/index.js';
import type { GaugeOptions, ObservedLimit, QueueLimit } from './gauge-options.js';
import type { QueueGauge } from './queue-gauge.js';
import { type LimitExhaustion, QueueRegistry } from './queue-registry.js';
import type { LimitWarningHandler } from './warning-delivery.js';

/** Begins to track a bounded queue of this process: report with `enqueue` and `dequeue`, or `observeDepth`. */
export function registerQueue(options: GaugeOptions<QueueLimit>): QueueGauge {
  return QueueRegistry.global.register(options);
}

/** Begins to track another bounded resource of this process: report with `observeDepth`. */
export function registerLimit(options: GaugeOptions<ObservedLimit>): QueueGauge {
  return QueueRegistry.global.register(options);
}

/** The usage of everything that is tracked in this process. */
export function queueSnapshot(): QueueSnapshot[] {
  return QueueRegistry.global.snapshot();
}

/** Logs the usage of everything that is tracked in this process, a debug line each. */
export function logQueueSnapshot(): void {
  QueueRegistry.global.logSnapshot();
}

/** Sets who takes the warnings of this process; null removes it. See `QueueRegistry.setLimitWarningHandler`. */
export function setLimitWarningHandler(handler: LimitWarningHandler | null): void {
  QueueRegistry.global.setLimitWarningHandler(handler);
}

/** Warns that a limit of this process has struck. See `QueueRegistry.warnLimitExhausted`. */
export function warnLimitExhausted(exhaustion: LimitExhaustion): void {
  QueueRegistry.global.warnLimitExhausted(exhaustion);
}
