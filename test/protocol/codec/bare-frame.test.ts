import { encode as encodeMsgpack } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBareFrame, encodeBareFrame } from '../../../protocol/codec/bare-frame.js';
import { decodeFrame } from '../../../protocol/codec/decode.js';
import { encodeFrame, MAX_ID } from '../../../protocol/index.js';

const type = fc.constantFrom('ping' as const, 'pong' as const);
const id = fc.oneof(
  fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, MAX_ID),
  fc.integer({ min: 0, max: MAX_ID }),
);
const newBytes = (byteLength: number) => new Uint8Array(byteLength).fill(0xff);

/** What the general way makes of a payload: a frame, or a fault. */
function generally(payload: Uint8Array): unknown {
  try {
    return decodeFrame(payload);
  } catch (error) {
    return error;
  }
}

describe('a frame that is written and read by hand', () => {
  it('is encoded to the bytes of the general way', () => {
    fc.assert(
      fc.property(type, id, (type, id) => {
        const payload = encodeMsgpack([type, id, {}]);
        const encoded = encodeBareFrame(type, id, newBytes);
        expect([...encoded]).toEqual([0, 0, 0, payload.byteLength, ...payload]);
        expect(encodeFrame({ type, id, body: {} })).toEqual(encoded);
      }),
    );
  });

  it('is decoded to the frame of the general way, wherever it lies', () => {
    fc.assert(
      fc.property(
        type,
        id,
        fc.uint8Array({ maxLength: 20 }),
        fc.uint8Array({ maxLength: 20 }),
        (type, id, before, after) => {
          const payload = encodeMsgpack([type, id, {}]);
          const bytes = Uint8Array.of(...before, ...payload, ...after);
          const decoded = decodeBareFrame(bytes, before.byteLength, before.byteLength + payload.byteLength);
          expect(decoded).toEqual(decodeFrame(payload));
        },
      ),
    );
  });

  it('is never made of a payload that the general way reads in another way', () => {
    const damage = fc.array(
      fc.tuple(fc.nat(11), fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0xcc, 0xcd, 0xce, 0x93))),
      {
        maxLength: 3,
      },
    );
    let byHand = 0;
    fc.assert(
      fc.property(type, id, damage, fc.nat(12), (type, id, damage, cut) => {
        const payload = new Uint8Array(encodeMsgpack([type, id, {}]));
        for (const [at, byte] of damage) if (at < payload.byteLength) payload[at] = byte;
        const cutPayload = payload.subarray(0, Math.max(1, cut === 12 ? payload.byteLength : cut));
        const decoded = decodeBareFrame(cutPayload, 0, cutPayload.byteLength);
        if (decoded === undefined) return;
        byHand += 1;
        expect(decoded).toEqual(generally(cutPayload));
      }),
      { numRuns: 5_000 },
    );
    expect(byHand).toBeGreaterThan(100);
  });

  it('is left to the general way where the body has a field, or is no map', () => {
    for (const body of [{ a: 1 }, { a: undefined }, [], new Uint8Array(0), Object.create({ inherited: 1 })]) {
      const payload = encodeMsgpack(['ping', 1, body], { ignoreUndefined: true });
      expect([...encodeFrame({ type: 'ping', id: 1, body })].slice(4)).toEqual([...payload]);
    }
  });
});
