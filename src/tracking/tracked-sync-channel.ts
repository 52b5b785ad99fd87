import { BoundedChannel } from './bounded-channel.js';
import { checkCapacities, type GaugeOptions, type ItemQueueLimit } from './gauge-options.js';
import { QueueRegistry } from './queue-registry.js';
import { TrackedReceiver } from './tracked-receiver.js';
import { TrackedSyncSender } from './tracked-sync-sender.js';

/** `capacity` and `capacityBytes` are at least 1. */
export interface TrackedChannelOptions<T> extends GaugeOptions<ItemQueueLimit> {
  /** Where the queue is tracked; the registry of the process where it is left out. */
  readonly registry?: QueueRegistry;
  /** What an item weighs, in bytes; nothing where it is left out. Asked once for each item. */
  readonly sizeOf?: (item: T) => number;
}

/**
 * Makes a bounded first-in-first-out channel between producers and consumers of this process, whose depth is tracked.
 * Items may be anything but undefined, which means the end. An item larger than `capacityBytes` is let in when the
 * channel is empty. The gauge leaves the snapshot when the channel is closed and empty.
 *
 * @throws InvalidCapacityError
 */
export function trackedSyncChannel<T>(
  options: TrackedChannelOptions<T>,
): [sender: TrackedSyncSender<T>, receiver: TrackedReceiver<T>] {
  const { registry = QueueRegistry.global, sizeOf = () => 0, ...gaugeOptions } = options;
  checkCapacities(gaugeOptions, 1);
  const channel = new BoundedChannel<T>({ gauge: registry.register(gaugeOptions), sizeOf });
  return [new TrackedSyncSender(channel), new TrackedReceiver(channel)];
}
