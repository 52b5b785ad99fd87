import { encode as encodeMsgpack } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../protocol/codec/decode.js';
import { decodeOutputFrame, encodeOutputFrameInPlace, newOutputBuffer } from '../../../protocol/codec/output-frame.js';
import {
  encodeFrame,
  MAX_FRAME_BYTES,
  MAX_ID,
  MAX_OUTPUT_CHUNK_BYTES,
  parseSidecarFrame,
} from '../../../protocol/index.js';

/** The edges of the forms in which msgpack has integers and lengths, and anything between them. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000];
const id = fc.oneof(fc.constantFrom(...edges, 0x7fff_ffff, 0x8000_0000, MAX_ID), fc.integer({ min: 0, max: MAX_ID }));
const offset = fc.oneof(
  fc.constantFrom(...edges, MAX_ID, MAX_ID + 1, Number.MAX_SAFE_INTEGER),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const data = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(...edges, MAX_OUTPUT_CHUNK_BYTES).map((length) => new Uint8Array(length).fill(7)),
);
const stream = fc.constantFrom('stdout', 'stderr');
const body = fc.record({ stream, offset, data }, { noNullPrototype: true });
const padding = fc.uint8Array({ maxLength: 20 });

/** What the general way makes of a payload: a frame, or a fault. */
function generally(payload: Uint8Array): unknown {
  try {
    return parseSidecarFrame(decodeFrame(payload));
  } catch (error) {
    return error;
  }
}

describe('an output frame', () => {
  it('is encoded to the bytes of the general way', () => {
    fc.assert(
      fc.property(id, body, (id, body) => {
        const payload = encodeMsgpack(['output', id, body]);
        const encoded = encodeFrame({ type: 'output', id, body });
        expect(Buffer.from(encoded.subarray(4)).equals(payload)).toBe(true);
        expect(Buffer.from(encoded).readUInt32BE()).toBe(payload.byteLength);
      }),
    );
  });

  it('is encoded to the same bytes around its data, wherever that lies in its buffer', () => {
    fc.assert(
      fc.property(id, body, fc.nat(200), (id, { data, ...where }, before) => {
        const buffer = newOutputBuffer(before + data.byteLength);
        const placed = buffer.subarray(before);
        placed.set(data);
        const encoded = encodeOutputFrameInPlace(id, { ...where, data: placed }, MAX_FRAME_BYTES);
        expect(encoded?.buffer).toBe(buffer.buffer);
        expect(Buffer.from(encoded!).equals(encodeFrame({ type: 'output', id, body: { ...where, data } }))).toBe(true);
      }),
    );
  });

  it('is not written over what lies before its data where that is somebody else’s, nor where it is too large', () => {
    const foreign = { stream: 'stdout', offset: 0, data: new Uint8Array(200).subarray(100) } as const;
    expect(encodeOutputFrameInPlace(1, foreign, MAX_FRAME_BYTES)).toBeUndefined();
    const own = { ...foreign, data: newOutputBuffer(100) };
    const payloadBytes = encodeOutputFrameInPlace(1, own, MAX_FRAME_BYTES)!.byteLength - 4;
    expect(encodeOutputFrameInPlace(1, own, payloadBytes)).toBeDefined();
    expect(encodeOutputFrameInPlace(1, own, payloadBytes - 1)).toBeUndefined();
  });

  it('is decoded to the frame of the general way, wherever it lies', () => {
    fc.assert(
      fc.property(id, body, padding, padding, (id, body, before, after) => {
        const payload = encodeMsgpack(['output', id, body]);
        const bytes = Buffer.concat([before, payload, after]);
        const start = before.byteLength;
        const decoded = decodeOutputFrame(bytes, start, start + payload.byteLength);
        expect(decoded).toEqual({ type: 'output', id, body });
        expect((decoded!.body as typeof body).data.buffer).toBe(bytes.buffer);
      }),
    );
  });

  it('is never made of a payload that the general way reads in another way', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0xc4, 0xc5, 0xc6, 0xcc, 0xcd, 0xce, 0xcf, 0x83, 0x93));
    const damage = fc.array(fc.tuple(fc.nat(70), byte), { maxLength: 3 });
    const small = fc.record({ stream, offset, data: fc.uint8Array({ maxLength: 20 }) }, { noNullPrototype: true });
    const anyId = fc.oneof(id, fc.constant(1));
    let byHand = 0;
    fc.assert(
      fc.property(anyId, small, damage, fc.nat(100), (id, body, damage, cut) => {
        const payload = new Uint8Array(encodeMsgpack(['output', id, body]));
        for (const [at, byte] of damage) if (at < payload.byteLength) payload[at] = byte;
        const cutPayload = payload.slice(0, Math.max(1, cut));
        const decoded = decodeOutputFrame(cutPayload, 0, cutPayload.byteLength);
        if (decoded === undefined) return;
        byHand += 1;
        if (decoded.id > 0) expect(decoded).toEqual(generally(cutPayload));
        else expect(() => parseSidecarFrame(decoded)).toThrow(expect.objectContaining({ code: 'invalid_frame' }));
      }),
      { numRuns: 5_000 },
    );
    expect(byHand).toBeGreaterThan(100);
  });

  it('is left to the general way where its chunk is too long, a field is missing or too many, or in another order', () => {
    const chunk = { stream: 'stdout', offset: 0, data: new Uint8Array(3) };
    const bodies = [
      { ...chunk, data: new Uint8Array(MAX_OUTPUT_CHUNK_BYTES + 1) },
      { ...chunk, more: 1 },
      { stream: 'stdout', offset: 0 },
      { offset: 0, stream: 'stdout', data: new Uint8Array(3) },
      { ...chunk, stream: 'stdlog' },
      { ...chunk, offset: -1 },
      { ...chunk, offset: 0.5 },
      { ...chunk, data: 'abc' },
    ];
    for (const body of bodies) {
      const payload = encodeMsgpack(['output', 1, body]);
      expect(decodeOutputFrame(payload, 0, payload.byteLength)).toBeUndefined();
      expect(Buffer.from(encodeFrame({ type: 'output', id: 1, body }).subarray(4)).equals(payload)).toBe(true);
    }
  });

  it('loses the fields that the protocol does not know, as every frame does', () => {
    const body = { stream: 'stdout', offset: 0, data: new Uint8Array(3), more: 1 };
    const { more: _, ...known } = body;
    expect(parseSidecarFrame({ type: 'output', id: 1, body })).toEqual({ type: 'output', id: 1, body: known });
  });

  it('is refused where it does not fit the frames of the receiver', () => {
    const body = { stream: 'stdout', offset: 0, data: new Uint8Array(100) };
    const { byteLength } = encodeFrame({ type: 'output', id: 1, body });
    expect(encodeFrame({ type: 'output', id: 1, body }, { maxFrameBytes: byteLength - 4 }).byteLength).toBe(byteLength);
    expect(() => encodeFrame({ type: 'output', id: 1, body }, { maxFrameBytes: byteLength - 5 })).toThrow(
      expect.objectContaining({ code: 'frame_too_large' }),
    );
  });
});
