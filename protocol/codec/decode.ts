import { Decoder } from '@msgpack/msgpack';
import { MAX_ID } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import type { RawFrame } from '../frames.js';
import { decodeWithMarks, startsWithMark } from './byte-order-mark.js';
import { scanFrame } from './scan.js';

/**
 * Decodes the payload of one frame. Binaries in the body are views of `payload`, not copies.
 *
 * @throws ProtocolFault as `scanFrame` does, or `invalid_frame` where the value is not `[type: str, id: u32, body: map]`
 */
export function decodeFrame(payload: Uint8Array): RawFrame {
  let hasMark = false;
  scanFrame(payload, (start, end) => {
    hasMark ||= startsWithMark(payload, start, end);
  });
  return toRawFrame(hasMark ? decodeWithMarks(payload) : decode(payload));
}

const decoder = new Decoder();
const nil = Uint8Array.of(0xc0);

/** Payloads in larger buffers than this are let go of after decoding: the decoder would keep the last one alive. */
const KEEP_BUFFER_BYTES = 65_536;

function decode(payload: Uint8Array): unknown {
  try {
    return decoder.decode(payload);
  } catch (cause) {
    throw new ProtocolFault('decode_failed', 'the payload cannot be decoded', undefined, { cause });
  } finally {
    if (payload.buffer.byteLength > KEEP_BUFFER_BYTES) {
      decoder.decode(nil);
    }
  }
}

function toRawFrame(value: unknown): RawFrame {
  if (!Array.isArray(value) || value.length !== 3) {
    throw invalidFrame(Array.isArray(value) ? `an array of ${value.length}` : 'another value');
  }
  const [type, id, body] = value as unknown[];
  if (typeof type !== 'string') {
    throw invalidFrame('a type that is not a str');
  }
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_ID) {
    throw invalidFrame(`an id that is not an integer from 0 to ${MAX_ID}`);
  }
  if (!isMap(body)) {
    throw invalidFrame('a body that is not a map');
  }
  return { type, id, body };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function invalidFrame(found: string): ProtocolFault {
  return new ProtocolFault(
    'invalid_frame',
    `a frame must be [type: str, id: u32, body: map], but this one has ${found}`,
  );
}
