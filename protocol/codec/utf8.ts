/**
 * The position of the first byte in [start, end) at which well-formed UTF-8 ends, or −1 where all of it is well-formed.
 * Overlong forms, surrogates, code points above U+10FFFF and sequences that are cut short are not well-formed
 * (RFC 3629).
 */
export function findInvalidUtf8(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end) {
    if (bytes[position]! < 0x80) {
      position += 1;
      continue;
    }
    const length = multiByteLength(bytes, position, end);
    if (length === 0) {
      return position;
    }
    position += length;
  }
  return -1;
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
