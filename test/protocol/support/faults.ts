import { expect } from 'vitest';
import { ProtocolFault } from '../../../protocol/index.js';

/** The ProtocolFault that `act` throws. Fails where it throws none, or something else. */
export function faultOf(act: () => unknown): ProtocolFault {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ProtocolFault);
  return thrown as ProtocolFault;
}
