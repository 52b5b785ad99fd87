import { InvalidArgumentError } from './errors.js';

/** The longest time that a Node timer can wait, in ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws InvalidArgumentError where `value` is given and no time that a timer can wait */
export function assertMilliseconds(value: number | undefined, field: string, minimum: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= minimum && value <= MAX_TIMER_MS)) return;
  throw new InvalidArgumentError(field, `an integer from ${minimum} to ${MAX_TIMER_MS} (ms), not ${value}`);
}

/** @throws InvalidArgumentError */
export function assertFunction(value: unknown, field: string): void {
  if (typeof value !== 'function') throw new InvalidArgumentError(field, `a function, not ${typeof value}`);
}
