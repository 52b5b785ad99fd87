import { FRAME_HEADER_BYTES, MAX_ID, MAX_OUTPUT_CHUNK_BYTES } from '../constants.js';
import type { RawFrame } from '../frames.js';
import type { Output } from '../schemas/flow.js';
import { writeUint32 } from './big-endian.js';
import { plainBytes } from './plain-bytes.js';
import { readUnsigned, unsignedBytes, unsignedLength, writeUnsigned } from './unsigned.js';

// What a command writes comes in `output` frames, thousands in a second: they are written and read by hand, with one copy
// of the data at most. The bytes are those of the general way, bit by bit, and what is not exactly such a frame is left
// to that.
//
//     93 "output" id  83 "stream" "stdout"  "offset" uint  "data" bin

const HEAD = text('output', 0x93);
const STREAM = text('stream', 0x83);
const STREAMS = { stdout: text('stdout'), stderr: text('stderr') } as const;
const OFFSET = text('offset');
const DATA = text('data');

const BIN8 = 0xc4;
const BIN16 = 0xc5;
const BIN32 = 0xc6;

/** What the head of an `output` frame takes at most, its length included. */
const MAX_HEAD_BYTES = 64;

/** What an `output` frame takes at most. */
export const MAX_OUTPUT_FRAME_BYTES = MAX_HEAD_BYTES + MAX_OUTPUT_CHUNK_BYTES;

/** The buffers in which the bytes before the data of a frame are nobody's. */
const roomy = new WeakSet<ArrayBufferLike>();

/** A new buffer for the data of `output` frames, with room in front of it for the head of one. */
export function newOutputBuffer(byteLength: number): Uint8Array {
  const buffer = new ArrayBuffer(MAX_HEAD_BYTES + byteLength);
  roomy.add(buffer);
  return new Uint8Array(buffer, MAX_HEAD_BYTES);
}

/** Whether a body is what `outputSchema` makes of it, field by field and in this order. */
export function isOutput(body: object): body is Output {
  if (Object.keys(body).join() !== 'stream,offset,data') return false;
  const { stream, offset, data } = body as Record<keyof Output, unknown>;
  return (
    (stream === 'stdout' || stream === 'stderr') &&
    Number.isSafeInteger(offset) &&
    (offset as number) >= 0 &&
    data instanceof Uint8Array &&
    data.byteLength <= MAX_OUTPUT_CHUNK_BYTES
  );
}

/** How long the payload of an `output` frame is, in bytes. `id` must be a u32. */
export function outputPayloadBytes(id: number, { offset, data }: Output): number {
  const texts = HEAD.byteLength + STREAM.byteLength + STREAMS.stdout.byteLength + OFFSET.byteLength + DATA.byteLength;
  return texts + unsignedBytes(id) + unsignedBytes(offset) + binHeadBytes(data.byteLength) + data.byteLength;
}

/** Encodes an `output` frame, header included. `id` must be a u32. */
export function encodeOutputFrame(id: number, body: Output, allocate: (byteLength: number) => Uint8Array): Uint8Array {
  const payloadBytes = outputPayloadBytes(id, body);
  const bytes = allocate(FRAME_HEADER_BYTES + payloadBytes);
  const dataAt = writeHead(bytes, id, body, payloadBytes);
  bytes.set(body.data, dataAt);
  return bytes;
}

/**
 * As `encodeOutputFrame`, where the data lies in a buffer of `newOutputBuffer`: the frame is that data with its head in
 * front of it, over what was there, and holds as long as the data. Undefined where it lies elsewhere, or the payload would
 * exceed `maxFrameBytes`. `id` must be a u32, and the body what `outputSchema` makes of it.
 */
export function encodeOutputFrameInPlace(id: number, body: Output, maxFrameBytes: number): Uint8Array | undefined {
  const { buffer, byteOffset, byteLength } = body.data;
  const payloadBytes = outputPayloadBytes(id, body);
  if (payloadBytes > maxFrameBytes || !roomy.has(buffer)) return undefined;
  const headBytes = FRAME_HEADER_BYTES + payloadBytes - byteLength;
  const bytes = new Uint8Array(buffer, byteOffset - headBytes, headBytes + byteLength);
  writeHead(bytes, id, body, payloadBytes);
  return bytes;
}

/** Returns where the data begins. */
function writeHead(bytes: Uint8Array, id: number, body: Output, payloadBytes: number): number {
  writeUint32(bytes, 0, payloadBytes);
  let at = writeText(bytes, FRAME_HEADER_BYTES, HEAD);
  at = writeUnsigned(bytes, at, id);
  at = writeText(bytes, at, STREAM);
  at = writeText(bytes, at, STREAMS[body.stream]);
  at = writeText(bytes, at, OFFSET);
  at = writeUnsigned(bytes, at, body.offset);
  at = writeText(bytes, at, DATA);
  return writeBinHead(bytes, at, body.data.byteLength);
}

/** The frame whose payload is [start, end) of `bytes`, its data a view of them; undefined where it is another than those. */
export function decodeOutputFrame(bytes: Uint8Array, start: number, end: number): RawFrame | undefined {
  if (!hasText(bytes, start, HEAD)) return undefined;
  const idAt = start + HEAD.byteLength;
  const streamAt = idAt + unsignedLength(bytes[idAt]);
  if (streamAt === idAt || !hasText(bytes, streamAt, STREAM)) return undefined;
  const nameAt = streamAt + STREAM.byteLength;
  const stream = streamNamed(bytes, nameAt);
  const fieldAt = nameAt + STREAMS.stdout.byteLength;
  if (stream === undefined || !hasText(bytes, fieldAt, OFFSET)) return undefined;
  const offsetAt = fieldAt + OFFSET.byteLength;
  const keyAt = offsetAt + unsignedLength(bytes[offsetAt]);
  if (keyAt === offsetAt || !hasText(bytes, keyAt, DATA)) return undefined;
  const dataAt = binStart(bytes, keyAt + DATA.byteLength, end);
  const id = readUnsigned(bytes, idAt);
  const offset = readUnsigned(bytes, offsetAt);
  if (dataAt === undefined || id > MAX_ID || offset > Number.MAX_SAFE_INTEGER) return undefined;
  return { type: 'output', id, body: { stream, offset, data: plainBytes(bytes, dataAt, end) } };
}

/** A short text as msgpack has it, after the head of what it is the first of. */
function text(characters: string, ...before: number[]): Uint8Array {
  const codes = Array.from(characters, (character) => character.charCodeAt(0));
  return Uint8Array.of(...before, 0xa0 | codes.length, ...codes);
}

/** Returns where the text ends. Byte by byte: to call `set` for so few takes longer. */
function writeText(bytes: Uint8Array, at: number, text: Uint8Array): number {
  for (let index = 0; index < text.byteLength; index += 1) bytes[at + index] = text[index]!;
  return at + text.byteLength;
}

function hasText(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.byteLength; index += 1) {
    if (bytes[at + index] !== text[index]) return false;
  }
  return true;
}

function streamNamed(bytes: Uint8Array, at: number): Output['stream'] | undefined {
  if (hasText(bytes, at, STREAMS.stdout)) return 'stdout';
  return hasText(bytes, at, STREAMS.stderr) ? 'stderr' : undefined;
}

function binHeadBytes(byteLength: number): number {
  if (byteLength < 0x100) return 2;
  return byteLength < 0x1_0000 ? 3 : 5;
}

/** Returns where the head ends. */
function writeBinHead(bytes: Uint8Array, at: number, byteLength: number): number {
  const headBytes = binHeadBytes(byteLength);
  if (headBytes === 5) {
    bytes[at] = BIN32;
    writeUint32(bytes, at + 1, byteLength);
  } else if (headBytes === 3) {
    bytes[at] = BIN16;
    bytes[at + 1] = byteLength >>> 8;
    bytes[at + 2] = byteLength;
  } else {
    bytes[at] = BIN8;
    bytes[at + 1] = byteLength;
  }
  return at + headBytes;
}

/** Where the data of the binary at `at` begins; undefined where it does not end at `end`, or is too long for a chunk. */
function binStart(bytes: Uint8Array, at: number, end: number): number | undefined {
  const kind = bytes[at]!;
  if (kind < BIN8 || kind > BIN32) return undefined;
  const lengthBytes = 2 ** (kind - BIN8);
  let byteLength = 0;
  for (let index = 1; index <= lengthBytes; index += 1) byteLength = byteLength * 0x100 + bytes[at + index]!;
  const start = at + 1 + lengthBytes;
  return start + byteLength === end && byteLength <= MAX_OUTPUT_CHUNK_BYTES ? start : undefined;
}
