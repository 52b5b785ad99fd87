import { constants } from 'node:os';

/** The name of a signal; `SIG<number>` for one that has none, such as a real-time signal. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `SIG${number}`;
}
