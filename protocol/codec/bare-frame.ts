import { FRAME_HEADER_BYTES } from '../constants.js';
import type { RawFrame } from '../frames.js';
import { writeUint32 } from './big-endian.js';
import { readUnsigned, unsignedBytes, unsignedLength, writeUnsigned } from './unsigned.js';

// A `ping` or `pong` without a body comes so often, and is so short, that most of its time would go into getting the
// codec ready for it: it is written and read by hand. The bytes are those of the general way, bit by bit, and what is
// not exactly one of them is left to that.
//
//     93 a4 70 69|6f 6e 67  id  80

const ARRAY_OF_3 = 0x93;
const STR_OF_4 = 0xa4;
const EMPTY_MAP = 0x80;
const [P, I, O, N, G] = [0x70, 0x69, 0x6f, 0x6e, 0x67];

/** Bytes of the payload beside the id. */
const FIXED_BYTES = 7;
const MAX_ID_BYTES = 5;

/** The longest payload that is made here, in bytes. */
export const MAX_BARE_PAYLOAD_BYTES = FIXED_BYTES + MAX_ID_BYTES;

/** Encodes a frame with an empty body, header included. `id` must be a u32. */
export function encodeBareFrame(
  type: 'ping' | 'pong',
  id: number,
  allocate: (byteLength: number) => Uint8Array,
): Uint8Array {
  const payloadBytes = FIXED_BYTES + unsignedBytes(id);
  const bytes = allocate(FRAME_HEADER_BYTES + payloadBytes);
  writeUint32(bytes, 0, payloadBytes);
  bytes[4] = ARRAY_OF_3;
  bytes[5] = STR_OF_4;
  bytes[6] = P;
  bytes[7] = type === 'ping' ? I : O;
  bytes[8] = N;
  bytes[9] = G;
  bytes[writeUnsigned(bytes, 10, id)] = EMPTY_MAP;
  return bytes;
}

/** The frame whose payload is [start, end) of `bytes`; undefined where it is another than those. */
export function decodeBareFrame(bytes: Uint8Array, start: number, end: number): RawFrame | undefined {
  if (end - start <= FIXED_BYTES || end - start > MAX_BARE_PAYLOAD_BYTES) return undefined;
  if (bytes[start] !== ARRAY_OF_3 || bytes[start + 1] !== STR_OF_4 || bytes[end - 1] !== EMPTY_MAP) return undefined;
  if (bytes[start + 2] !== P || bytes[start + 4] !== N || bytes[start + 5] !== G) return undefined;
  const vowel = bytes[start + 3];
  if (unsignedLength(bytes[start + 6]) !== end - start - FIXED_BYTES || (vowel !== I && vowel !== O)) return undefined;
  return { type: vowel === I ? 'ping' : 'pong', id: readUnsigned(bytes, start + 6), body: {} };
}
