export { describeQueue, describeStall, describeWarning } from './descriptions.js';
export { BatchTooLargeError, ChannelClosedError, InvalidCapacityError } from './errors.js';
export { REARM_FILL_PERCENT, WARN_FILL_PERCENT } from './fill-alarm.js';
export { fillPercent } from './fill-percent.js';
export type { GaugeOptions, ItemQueueLimit, ObservedLimit, QueueLimit } from './gauge-options.js';
export {
  logQueueSnapshot,
  queueSnapshot,
  registerLimit,
  registerQueue,
  setLimitWarningHandler,
  warnLimitExhausted,
} from './global-registry.js';
export type { Logger } from './logger.js';
export type { Park, ParkLog } from './park-log.js';
export { type FillReading, QueueGauge } from './queue-gauge.js';
export { type LimitExhaustion, QueueRegistry } from './queue-registry.js';
export type { Link, LinkReading, Stall, StallHandler } from './stall.js';
export { type TrackedLimit, trackedLimits } from './tracked-limit.js';
export { TrackedReceiver } from './tracked-receiver.js';
export { type TrackedChannelOptions, trackedSyncChannel } from './tracked-sync-channel.js';
export { TrackedSyncSender } from './tracked-sync-sender.js';
export type { LimitWarningHandler } from './warning-delivery.js';
export type { WindowGauge } from './window-gauge.js';
