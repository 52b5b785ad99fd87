import { encodeFrame } from '../../../protocol/index.js';

/** The bytes of a frame, good or bad. */
export function frame(type: string, id: number, body: object): Uint8Array {
  return encodeFrame({ type, id, body });
}

/** A frame that holds this payload, which has at most 255 bytes. */
export function framed(payload: string): Uint8Array {
  const bytes = hex(payload);
  return Buffer.concat([Buffer.from([0, 0, 0, bytes.byteLength]), bytes]);
}

/** Bytes from hex digits, among which there may be spaces. */
export function hex(digits: string): Uint8Array {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}
