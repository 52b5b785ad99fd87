import type { ProtocolErrorBody } from '../../../protocol/index.js';
import { frame, framed, hex } from './frame-bytes.js';

/** What a host does wrong in an open session in which task 1 runs. */
export interface Misdeed {
  readonly code: ProtocolErrorBody['code'];
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Whether the fault shows only at the end of stdin. */
  readonly atEnd?: boolean;
  /** What the message has to name. */
  readonly named: string;
}

/** At least one for each code that an open session can end with. */
export const misdeeds: readonly Misdeed[] = [
  { code: 'frame_empty', what: 'a frame of no bytes', bytes: hex('00000000'), named: '0' },
  { code: 'frame_too_large', what: 'a length above the maximum', bytes: hex('01000000'), named: '16777215' },
  {
    code: 'frame_too_large',
    what: 'stray text',
    bytes: Buffer.from('Warning: something is deprecated\n'),
    named: 'Warning: something is deprecated',
  },
  {
    code: 'frame_truncated',
    what: 'an end inside a payload',
    bytes: hex('00000003 93'),
    atEnd: true,
    named: '5 of the 7 bytes',
  },
  { code: 'decode_failed', what: 'a byte that msgpack never uses', bytes: hex('00000001 c1'), named: '' },
  { code: 'too_deep', what: 'arrays in arrays', bytes: framed(`${'91'.repeat(17)}c0`), named: '16' },
  { code: 'too_many_elements', what: 'an array32 of 2^32 - 1', bytes: hex('00000005 ddffffffff'), named: '4294967295' },
  { code: 'invalid_utf8', what: 'a str that is not UTF-8', bytes: hex('00000002 a1ff'), named: 'UTF-8' },
  {
    code: 'invalid_frame',
    what: 'a task with the id of the connection',
    bytes: frame('submit', 0, { command: 'true' }),
    named: 'id',
  },
  { code: 'unknown_type', what: 'a type that is misspelt', bytes: frame('sumbit', 2, {}), named: 'sumbit' },
  { code: 'unexpected_frame', what: 'a frame of the other direction', bytes: frame('result', 1, {}), named: 'result' },
  { code: 'unexpected_frame', what: 'a second init', bytes: frame('init', 0, { protocol: 1 }), named: 'init' },
  {
    code: 'unexpected_frame',
    what: 'stdin for a task that has none',
    bytes: frame('stdin', 1, { end: true }),
    named: 'task 1',
  },
  {
    code: 'unexpected_frame',
    what: 'stdin after its end',
    bytes: Buffer.concat([streamed(2), frame('stdin', 2, { end: true }), frame('stdin', 2, { data: hex('00') })]),
    named: 'task 2',
  },
  {
    code: 'invalid_body',
    what: 'a reason that is a number',
    bytes: frame('cancel', 1, { reason: 5 }),
    named: 'reason',
  },
  {
    code: 'invalid_body',
    what: 'a query for nothing known',
    bytes: frame('query', 2, { what: 'weather' }),
    named: 'what',
  },
  {
    code: 'duplicate_id',
    what: 'a task with the id of another',
    bytes: frame('submit', 1, { command: 'true' }),
    named: '1',
  },
  {
    code: 'duplicate_id',
    what: 'a query with the id of a task',
    bytes: frame('query', 1, { what: 'health' }),
    named: '1',
  },
  {
    code: 'duplicate_id',
    what: 'a batch with an id twice',
    bytes: frame('submitBatch', 0, {
      tasks: [
        [2, { command: 'true' }],
        [2, { command: 'true' }],
      ],
    }),
    named: '2',
  },
  {
    code: 'window_overrun',
    what: 'stdin beyond the window',
    bytes: Buffer.concat([streamed(2), frame('stdin', 2, { data: new Uint8Array(262_145) })]),
    named: 'stdinWindowBytes',
  },
];

function streamed(id: number): Uint8Array {
  return frame('submit', id, { command: 'sleep', args: ['60'], stdin: { stream: true } });
}
