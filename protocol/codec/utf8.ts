/**
 * The position of the first byte in [start, end) at which well-formed UTF-8 ends, or −1 where all of it is well-formed.
 * Overlong forms, surrogates, code points above U+10FFFF and sequences that are cut short are not well-formed
 * (RFC 3629).
 */
export function findInvalidUtf8(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  let asciiRun = 0;
  while (position < end) {
    if (bytes[position]! < 0x80) {
      position += 1;
      asciiRun += 1;
      if (asciiRun === LONG_RUN_BYTES) {
        position = skipAscii(bytes, position, end);
        asciiRun = 0;
      }
      continue;
    }
    asciiRun = 0;
    const length = multiByteLength(bytes, position, end);
    if (length === 0) {
      return position;
    }
    position += length;
  }
  return -1;
}

/** After so many bytes of ASCII it pays to look at several bytes at once. */
const LONG_RUN_BYTES = 64;

/** A position in [start, end] up to which all bytes are ASCII. Looks at 16 bytes at a time: most long texts are ASCII. */
function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  const firstWord = start + (-(bytes.byteOffset + start) & 3);
  for (let position = start; position < Math.min(firstWord, end); position += 1) {
    if (bytes[position]! >= 0x80) return position;
  }
  if (firstWord + 16 > end) return Math.min(firstWord, end);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + firstWord, (end - firstWord) >> 2);
  let at = 0;
  while (at + 4 <= words.length) {
    if (((words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) & 0x8080_8080) !== 0) break;
    at += 4;
  }
  return firstWord + 4 * at;
}

/** The length of the well-formed sequence of two to four bytes at `position`, or 0 where there is none. */
function multiByteLength(bytes: Uint8Array, position: number, end: number): number {
  const lead = bytes[position]!;
  if (lead < 0xc2 || lead > 0xf4) {
    return 0;
  }
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (position + length > end || !isSecondByte(lead, bytes[position + 1]!)) {
    return 0;
  }
  for (let index = position + 2; index < position + length; index += 1) {
    if ((bytes[index]! & 0xc0) !== 0x80) {
      return 0;
    }
  }
  return length;
}

/** The second byte is where overlong forms (E0, F0), surrogates (ED) and code points above U+10FFFF (F4) show. */
function isSecondByte(lead: number, second: number): boolean {
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return second >= lowest && second <= highest;
}
