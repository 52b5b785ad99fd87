import { Decoder } from '@msgpack/msgpack';
import { scanFrame } from './scan.js';

/**
 * Whether the text at [start, end) begins with U+FEFF. The decoder drops that character from the front of long
 * strings, which would change a file that begins with a byte order mark.
 */
export function startsWithMark(payload: Uint8Array, start: number, end: number): boolean {
  return end - start >= 3 && payload[start] === 0xef && payload[start + 1] === 0xbb && payload[start + 2] === 0xbf;
}

/** Decodes a scanned payload with every string kept as it is: slower than the plain way, for the rare payload that needs it. */
export function decodeWithMarks(payload: Uint8Array): unknown {
  const textStarts = new Set<number>();
  scanFrame(payload, (start) => textStarts.add(payload.byteOffset + start));
  return withTexts(new Decoder({ rawStrings: true }).decode(payload), textStarts);
}

declare const TextDecoder: new (label: 'utf-8', options: { ignoreBOM: true }) => { decode(bytes: Uint8Array): string };

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Raw strings come as bytes and are told from binaries by where they begin. */
function withTexts(value: unknown, textStarts: ReadonlySet<number>): unknown {
  if (value instanceof Uint8Array) {
    return textStarts.has(value.byteOffset) ? textDecoder.decode(value) : value;
  }
  if (Array.isArray(value)) {
    return value.map((element) => withTexts(element, textStarts));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, withTexts(element, textStarts)]));
  }
  return value;
}
