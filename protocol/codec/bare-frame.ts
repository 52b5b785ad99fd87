import { FRAME_HEADER_BYTES } from '../constants.js';
import type { RawFrame } from '../frames.js';
import { readUint32, writeUint32 } from './big-endian.js';

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

const UINT8 = 0xcc;
const UINT16 = 0xcd;
const UINT32 = 0xce;

/** The longest payload that is made here, in bytes. */
export const MAX_BARE_PAYLOAD_BYTES = FIXED_BYTES + MAX_ID_BYTES;

/** Encodes a frame with an empty body, header included. `id` must be a u32. */
export function encodeBareFrame(
  type: 'ping' | 'pong',
  id: number,
  allocate: (byteLength: number) => Uint8Array,
): Uint8Array {
  const payloadBytes = FIXED_BYTES + idBytes(id);
  const bytes = allocate(FRAME_HEADER_BYTES + payloadBytes);
  writeUint32(bytes, 0, payloadBytes);
  bytes[4] = ARRAY_OF_3;
  bytes[5] = STR_OF_4;
  bytes[6] = P;
  bytes[7] = type === 'ping' ? I : O;
  bytes[8] = N;
  bytes[9] = G;
  writeId(bytes, 10, id);
  bytes[FRAME_HEADER_BYTES + payloadBytes - 1] = EMPTY_MAP;
  return bytes;
}

/** The frame whose payload is [start, end) of `bytes`; undefined where it is another than those. */
export function decodeBareFrame(bytes: Uint8Array, start: number, end: number): RawFrame | undefined {
  if (end - start <= FIXED_BYTES || end - start > MAX_BARE_PAYLOAD_BYTES) return undefined;
  if (bytes[start] !== ARRAY_OF_3 || bytes[start + 1] !== STR_OF_4 || bytes[end - 1] !== EMPTY_MAP) return undefined;
  if (bytes[start + 2] !== P || bytes[start + 4] !== N || bytes[start + 5] !== G) return undefined;
  const vowel = bytes[start + 3];
  const id = readId(bytes, start + 6, end - 1);
  if (id === undefined || (vowel !== I && vowel !== O)) return undefined;
  return { type: vowel === I ? 'ping' : 'pong', id, body: {} };
}

function idBytes(id: number): number {
  if (id < 0x80) return 1;
  if (id < 0x100) return 2;
  return id < 0x1_0000 ? 3 : 5;
}

function writeId(bytes: Uint8Array, at: number, id: number): void {
  if (id < 0x80) {
    bytes[at] = id;
  } else if (id < 0x100) {
    bytes[at] = UINT8;
    bytes[at + 1] = id;
  } else if (id < 0x1_0000) {
    bytes[at] = UINT16;
    bytes[at + 1] = id >>> 8;
    bytes[at + 2] = id;
  } else {
    bytes[at] = UINT32;
    writeUint32(bytes, at + 1, id);
  }
}

/** The unsigned integer that is exactly [start, end), in any of its forms of up to four bytes. */
function readId(bytes: Uint8Array, start: number, end: number): number | undefined {
  const head = bytes[start]!;
  switch (end - start) {
    case 1:
      return head < 0x80 ? head : undefined;
    case 2:
      return head === UINT8 ? bytes[start + 1] : undefined;
    case 3:
      return head === UINT16 ? (bytes[start + 1]! << 8) | bytes[start + 2]! : undefined;
    case 5:
      return head === UINT32 ? readUint32(bytes, start + 1) : undefined;
    default:
      return undefined;
  }
}
