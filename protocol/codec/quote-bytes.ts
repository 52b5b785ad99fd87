import { STRAY_TEXT_BYTES } from '../constants.js';

/**
 * The first 64 of `bytes` as quoted printable ASCII: other bytes as `\n`, `\r`, `\t` or `\x1f`, so that a message can
 * show what came without disturbing the terminal or log that prints it.
 */
export function quoteBytes(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, STRAY_TEXT_BYTES), quoteByte).join('');
  return `"${shown}"`;
}

const escapes = new Map([
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

function quoteByte(byte: number): string {
  const isPrintable = byte >= 0x20 && byte < 0x7f;
  return escapes.get(byte) ?? (isPrintable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`);
}
