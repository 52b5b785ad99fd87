import { Encoder, type ExtensionCodecType } from '@msgpack/msgpack';
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES, MAX_ID } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { encodeBareFrame, MAX_BARE_PAYLOAD_BYTES } from './bare-frame.js';
import { writeUint32 } from './big-endian.js';
import { surveyBody, toWellFormed } from './encodable.js';
import { encodeOutputFrame, isOutput, outputPayloadBytes } from './output-frame.js';

/** A frame to be sent. Fields of the body that are `undefined` are left out. */
export interface OutgoingFrame {
  readonly type: string;
  readonly id: number;
  readonly body: object;
}

export interface EncodeOptions {
  /** The largest payload that the receiver accepts, in bytes (default 16,777,215). */
  readonly maxFrameBytes?: number;
  /** Gives the bytes that the frame goes into, which may hold anything; by default they are new. */
  readonly allocate?: (byteLength: number) => Uint8Array;
}

/**
 * Encodes a frame, header included, into one buffer that belongs to the caller. Lone surrogates in strings become
 * U+FFFD.
 *
 * @throws ProtocolFault `frame_too_large`; or, for a caller's mistake, `too_deep`, `invalid_body` (a value that cannot
 * be expressed) or `invalid_frame` (an id that is no u32)
 */
export function encodeFrame(frame: OutgoingFrame, options: EncodeOptions = {}): Uint8Array {
  const { maxFrameBytes = MAX_FRAME_BYTES, allocate = newBytes } = options;
  if (!Number.isInteger(frame.id) || frame.id < 0 || frame.id > MAX_ID) {
    throw new ProtocolFault(
      'invalid_frame',
      `the id of a frame must be an integer from 0 to ${MAX_ID}, got ${frame.id}`,
    );
  }
  if (
    (frame.type === 'ping' || frame.type === 'pong') &&
    isEmpty(frame.body) &&
    maxFrameBytes >= MAX_BARE_PAYLOAD_BYTES
  ) {
    return encodeBareFrame(frame.type, frame.id, allocate);
  }
  if (frame.type === 'output' && isOutput(frame.body) && outputPayloadBytes(frame.id, frame.body) <= maxFrameBytes) {
    return encodeOutputFrame(frame.id, frame.body, allocate);
  }
  const { minimumBytes, isWellFormed } = surveyBody(frame.body);
  if (minimumBytes > maxFrameBytes) {
    throw tooLarge(frame.type, 'at least ', minimumBytes, maxFrameBytes);
  }
  const payload = encodeShared([frame.type, frame.id, isWellFormed ? frame.body : toWellFormed(frame.body)]);
  if (payload.byteLength > maxFrameBytes) {
    throw tooLarge(frame.type, '', payload.byteLength, maxFrameBytes);
  }
  return withHeader(payload, allocate);
}

/** Whether a body is a plain object without fields: an empty array is none. */
function isEmpty(body: object): boolean {
  for (const _ in body) return false;
  return Object.getPrototypeOf(body) === Object.prototype;
}

/** No ext types are spoken, so none is made of a Date either. */
const noExtensions: ExtensionCodecType<undefined> = { tryToEncode: () => null, decode: (data) => data };

let encoder = newEncoder();

function newEncoder(): Encoder {
  return new Encoder({ ignoreUndefined: true, extensionCodec: noExtensions });
}

/** An encoder that has grown beyond this is not kept: its buffer would stay as large as the largest frame ever sent. */
const KEEP_BUFFER_BYTES = 1_048_576;

/** The result is overwritten by the next call. */
function encodeShared(value: unknown): Uint8Array {
  const shared = encoder.encodeSharedRef(value);
  if (shared.buffer.byteLength > KEEP_BUFFER_BYTES) {
    encoder = newEncoder();
  }
  return shared;
}

function withHeader(payload: Uint8Array, allocate: (byteLength: number) => Uint8Array): Uint8Array {
  const bytes = allocate(FRAME_HEADER_BYTES + payload.byteLength);
  writeUint32(bytes, 0, payload.byteLength);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

function newBytes(byteLength: number): Uint8Array {
  return new Uint8Array(byteLength);
}

function tooLarge(type: string, qualifier: string, bytes: number, maxFrameBytes: number): ProtocolFault {
  return new ProtocolFault(
    'frame_too_large',
    `a ${type} frame of ${qualifier}${bytes} bytes exceeds the maximum of ${maxFrameBytes} bytes (setting maxFrameBytes)`,
    { type, bytes, maxFrameBytes },
  );
}
