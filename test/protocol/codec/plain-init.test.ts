import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../protocol/codec/decode.js';
import { parsePlainInit } from '../../../protocol/codec/plain-init.js';
import { encodeFrame, FRAME_HEADER_BYTES, parseHostFrame, type RawFrame } from '../../../protocol/index.js';

/** A frame as it comes out of the decoder. */
function received(frame: RawFrame): RawFrame {
  return decodeFrame(encodeFrame(frame).subarray(FRAME_HEADER_BYTES));
}

/** What the schema makes of a frame, or undefined where it makes no `init` of it. */
function bySchema(frame: RawFrame): unknown {
  try {
    const parsed = parseHostFrame(frame);
    return parsed?.type === 'init' ? parsed.body : undefined;
  } catch {
    return undefined;
  }
}

const anything = fc.oneof(
  fc.constantFrom(0, 1, 2, -1, 1.5, null, '', 'x', true, {}, [], 2 ** 53),
  fc.constant(new Uint8Array(3)),
  fc.record({ name: fc.string(), version: fc.constantFrom('1', 1, null) }, { requiredKeys: [] }),
  fc.dictionary(fc.constantFrom('queueSize', 'sandbox', 'x'), fc.constantFrom(1, 'process', null)),
);
const bodies = fc.record(
  {
    protocol: fc.oneof(fc.constant(1), anything),
    client: anything,
    config: anything,
    heartbeatMs: anything,
    other: anything,
  },
  { requiredKeys: [] },
);
const frames = fc.record({
  type: fc.constantFrom('init', 'init', 'init', 'ping', 'x-init', 'nonsense'),
  id: fc.constantFrom(0, 0, 0, 1),
  body: bodies,
});

describe('an init that is judged without its schema', () => {
  it('is what the schema makes of it, or left to that', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const raw = received(frame);
        const plain = parsePlainInit(raw);
        if (plain !== undefined) expect(plain).toEqual(bySchema(raw));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, Record<string, unknown>]>([
    ['nothing but the protocol', { protocol: 1 }],
    [
      'all that a host may say',
      { protocol: 1, client: { name: 'a', version: '1' }, config: { queueSize: 5 }, heartbeatMs: 9 },
    ],
    ['a protocol that is not spoken, and a field that is not known', { protocol: 7, more: 1 }],
  ])('may say %s', (_what, body) => {
    const raw = received({ type: 'init', id: 0, body });
    expect(parsePlainInit(raw)).toEqual(bySchema(raw));
    expect(parsePlainInit(raw)).toBeDefined();
  });

  it.each<[string, RawFrame]>([
    ['another type', { type: 'ping', id: 0, body: { protocol: 1 } }],
    ['another id', { type: 'init', id: 3, body: { protocol: 1 } }],
    ['no protocol', { type: 'init', id: 0, body: {} }],
    ['bytes for a map', { type: 'init', id: 0, body: { protocol: 1, config: new Uint8Array(2) } }],
    ['an array for a map', { type: 'init', id: 0, body: { protocol: 1, config: [] } }],
    ['a client without a version', { type: 'init', id: 0, body: { protocol: 1, client: { name: 'a' } } }],
    ['no pause between heartbeats', { type: 'init', id: 0, body: { protocol: 1, heartbeatMs: 0 } }],
  ])('is left to the schema with %s', (_what, frame) => {
    expect(parsePlainInit(received(frame))).toBeUndefined();
  });
});
