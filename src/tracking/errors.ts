import type { LimitUnit } from '../../protocol/index.js';
import type { TrackedLimit } from './tracked-limit.js';

/** What is wrong with a capacity. */
export interface CapacityFault {
  readonly limit: TrackedLimit;
  readonly field: 'capacity' | 'capacityBytes';
  readonly capacity: number;
  readonly minimum: number;
  readonly configKey: string;
}

/** Thrown where a queue or another limit is given a capacity that is none. */
export class InvalidCapacityError extends RangeError {
  override readonly name = 'InvalidCapacityError';
  readonly code = 'invalid_capacity';
  readonly limit: TrackedLimit;

  constructor({ limit, field, capacity, minimum, configKey }: CapacityFault) {
    super(
      `${field} of ${limit} must be an integer from ${minimum} to ${Number.MAX_SAFE_INTEGER}, got ${capacity} (setting ${configKey})`,
    );
    this.limit = limit;
  }
}

/** Thrown where something is sent into a channel that takes nothing more. */
export class ChannelClosedError extends Error {
  override readonly name = 'ChannelClosedError';
  readonly code = 'channel_closed';
  readonly limit: TrackedLimit;

  constructor(limit: TrackedLimit) {
    super(`${limit} is closed: nothing more can be sent`);
    this.limit = limit;
  }
}

/** Thrown where a batch would not fit into a channel even if it were empty. */
export class BatchTooLargeError extends RangeError {
  override readonly name = 'BatchTooLargeError';
  readonly code = 'batch_too_large';
  readonly limit: TrackedLimit;
  /** How large the batch is, in `unit`. */
  readonly size: number;
  readonly capacity: number;
  readonly unit: LimitUnit;

  constructor(batch: { limit: TrackedLimit; size: number; capacity: number; unit: LimitUnit; configKey: string }) {
    const { limit, size, capacity, unit, configKey } = batch;
    super(
      `a batch of ${size} ${unit} never fits into ${limit}, which holds ${capacity} ${unit} (setting ${configKey})`,
    );
    this.limit = limit;
    this.size = size;
    this.capacity = capacity;
    this.unit = unit;
  }
}
