import { readUint32, writeUint32 } from './big-endian.js';

// Unsigned integers as msgpack has them: in the shortest form when they are written, in any form when they are read.

const UINT8 = 0xcc;
const UINT16 = 0xcd;
const UINT32 = 0xce;
const UINT64 = 0xcf;

const TWO_POW_32 = 0x1_0000_0000;

/** How many bytes an integer from 0 to 2^53 − 1 takes, the first of which tells the form. */
export function unsignedBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x100) return 2;
  if (value < 0x1_0000) return 3;
  return value < TWO_POW_32 ? 5 : 9;
}

/** Writes an integer from 0 to 2^53 − 1 and returns where it ends. */
export function writeUnsigned(bytes: Uint8Array, at: number, value: number): number {
  if (value < 0x80) {
    bytes[at] = value;
  } else if (value < 0x100) {
    bytes[at] = UINT8;
    bytes[at + 1] = value;
  } else if (value < 0x1_0000) {
    bytes[at] = UINT16;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value;
  } else if (value < TWO_POW_32) {
    bytes[at] = UINT32;
    writeUint32(bytes, at + 1, value);
  } else {
    bytes[at] = UINT64;
    writeUint32(bytes, at + 1, Math.floor(value / TWO_POW_32));
    writeUint32(bytes, at + 5, value % TWO_POW_32);
  }
  return at + unsignedBytes(value);
}

/** How many bytes the unsigned integer takes whose first byte this is; 0 where it is the first of something else. */
export function unsignedLength(head: number | undefined): number {
  if (head === undefined || head > UINT64) return 0;
  if (head < 0x80) return 1;
  if (head < UINT8) return 0;
  return 1 + 2 ** (head - UINT8);
}

/** The unsigned integer at `at`, where there must be one. Beyond 2^53 − 1 it is not exact. */
export function readUnsigned(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case UINT8:
      return bytes[at + 1]!;
    case UINT16:
      return (bytes[at + 1]! << 8) | bytes[at + 2]!;
    case UINT32:
      return readUint32(bytes, at + 1);
    case UINT64:
      return readUint32(bytes, at + 1) * TWO_POW_32 + readUint32(bytes, at + 5);
    default:
      return bytes[at]!;
  }
}
