import { type CapacityFault, InvalidCapacityError } from './errors.js';
import type { Link } from './stall.js';
import { type TrackedLimit, type TrackedLimitDefinition, trackedLimits } from './tracked-limit.js';

type LimitWhere<Property extends Partial<TrackedLimitDefinition>> = {
  [Limit in TrackedLimit]: (typeof trackedLimits)[Limit] extends Property ? Limit : never;
}[TrackedLimit];

/** The limits that are queues. */
export type QueueLimit = LimitWhere<{ category: 'queue' }>;

/** The queues whose capacity counts items, and not bytes. */
export type ItemQueueLimit = Exclude<QueueLimit, LimitWhere<{ unit: 'bytes' }>>;

/** The limits that are no queues: what is used of them is observed. */
export type ObservedLimit = Exclude<TrackedLimit, QueueLimit>;

/** The scope of a limit that there is one of in the whole process. */
export const SIDECAR_SCOPE = 'sidecar';

export interface GaugeOptions<Limit extends TrackedLimit = TrackedLimit> {
  readonly limit: Limit;
  /** In the unit of the limit, an integer ≥ 0; 0 is untracked and never warns. */
  readonly capacity: number;
  /** The byte bound of a queue that counts items, an integer ≥ 0; 0 is untracked. Left out: there is none. */
  readonly capacityBytes?: number;
  /** `sidecar` (the default), or the execution id of the task whose limit it is. */
  readonly scope?: string;
  /** The setting that raises `capacity`; that of the catalogue where it is left out. */
  readonly configKey?: string;
  /** The link of the chain at which the producers of a queue wait, to be told when it is stalled. */
  readonly link?: Link;
}

/** @throws InvalidCapacityError where a capacity is no integer from `minimum` to 2^53 − 1 */
export function checkCapacities(options: GaugeOptions, minimum: number): void {
  const { limit, capacity, capacityBytes = minimum } = options;
  if (isCapacity(capacity, minimum) && isCapacity(capacityBytes, minimum)) return;
  const { configKey, configKeyBytes } = configKeysOf(limit, options.configKey);
  checkCapacity({ limit, field: 'capacity', capacity, minimum, configKey });
  checkCapacity({ limit, field: 'capacityBytes', capacity: capacityBytes, minimum, configKey: configKeyBytes });
}

function checkCapacity(given: CapacityFault): void {
  if (!isCapacity(given.capacity, given.minimum)) throw new InvalidCapacityError(given);
}

function isCapacity(capacity: number, minimum: number): boolean {
  return Number.isSafeInteger(capacity) && capacity >= minimum;
}

/** The settings that raise the capacity of a limit and the byte bound that it may have besides. */
export function configKeysOf(limit: TrackedLimit, given?: string): { configKey: string; configKeyBytes: string } {
  const definition: TrackedLimitDefinition = trackedLimits[limit];
  const configKey = given ?? definition.configKey;
  return { configKey, configKeyBytes: definition.configKeyBytes ?? configKey };
}
