import { describe, expect, it } from 'vitest';
import { ProtocolFault } from '../../protocol/index.js';
import { type Ending, endingOf, exitCodeOf, reasonOf } from '../../src/session/ending.js';

describe('an ending', () => {
  it.each<[Ending, number, string]>([
    [{ kind: 'shutdown', request: { mode: 'drain' } }, 0, 'shutdown drain'],
    [{ kind: 'shutdown', request: { mode: 'now' } }, 0, 'shutdown now'],
    [{ kind: 'eof' }, 0, 'end of stdin'],
    [{ kind: 'gone' }, 0, 'stdout closed'],
    [{ kind: 'terminated', signal: 'SIGTERM' }, 143, 'SIGTERM'],
    [{ kind: 'fault', fault: new ProtocolFault('duplicate_id', '') }, 65, 'duplicate_id'],
    [{ kind: 'fault', fault: new ProtocolFault('invalid_config', '') }, 78, 'invalid_config'],
    [{ kind: 'internal', error: new Error('x') }, 70, 'internal error'],
  ])('has its exit code and its reason: %j', (ending, exitCode, reason) => {
    expect(exitCodeOf(ending)).toBe(exitCode);
    expect(reasonOf(ending)).toBe(reason);
  });

  it('is the fault of the host where the error is a protocol fault, and else our own', () => {
    const fault = new ProtocolFault('frame_empty', '');
    expect(endingOf(fault)).toEqual({ kind: 'fault', fault });
    const error = new TypeError('x');
    expect(endingOf(error)).toEqual({ kind: 'internal', error });
  });
});
