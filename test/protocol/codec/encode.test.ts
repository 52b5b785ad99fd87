import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader, MAX_DEPTH, MAX_FRAME_BYTES } from '../../../protocol/index.js';
import { toHex } from '../support/bytes.js';
import { faultOf } from '../support/faults.js';

const encode = (body: object, options = {}) => encodeFrame({ type: 'x-a', id: 1, body }, options);
const roundTrip = (body: object) => [...new FrameReader().push(encode(body))][0]?.body;
const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });

describe('an encoded frame', () => {
  test('goes into the bytes that it is given, whatever they held', () => {
    const body = { data: new Uint8Array(300).fill(1) };
    const buffer = new Uint8Array(1_000).fill(0xff);
    const encoded = encode(body, { allocate: (bytes: number) => buffer.subarray(0, bytes) });
    expect(encoded.buffer).toBe(buffer.buffer);
    expect(encoded).toEqual(encode(body));
  });

  test('is its length, then [type, id, body]', () => {
    expect(toHex(encodeFrame({ type: 'cancel', id: 5, body: {} }))).toBe(`0000000a93a663616e63656c0580`);
  });

  test('belongs to the caller: later frames do not change it', () => {
    const first = encode({ text: 'first' });
    const copy = first.slice();
    encode({ text: 'other' });
    expect(first).toEqual(copy);
    expect(first.buffer.byteLength).toBe(first.byteLength);
  });

  test('does not follow later changes of its body', () => {
    const data = Uint8Array.of(1, 2, 3);
    const bytes = encode({ data });
    data.fill(0);
    expect([...new FrameReader().push(bytes)][0]?.body).toEqual({ data: Uint8Array.of(1, 2, 3) });
  });

  test('leaves out fields that are undefined', () => {
    expect(roundTrip({ a: undefined, b: { c: undefined, d: null } })).toEqual({ b: { d: null } });
  });

  test('holds numbers that are no integers as they are', () => {
    const body = { list: [0.1, -1e300, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY] };
    expect(roundTrip(body)).toEqual(body);
  });

  test('holds no ext types: a Date is sent as a map without fields', () => {
    expect(roundTrip({ at: new Date(0) })).toEqual({ at: {} });
  });
});

describe('strings', () => {
  test('with lone surrogates are sent with U+FFFD in their place, keys too', () => {
    const body = { text: 'a\uD800b', list: ['\uDC00', 'ok'], map: { 'k\uD800': '😀' }, data: Uint8Array.of(1) };
    expect(roundTrip(body)).toEqual({
      text: 'a\uFFFDb',
      list: ['\uFFFD', 'ok'],
      map: { 'k\uFFFD': '😀' },
      data: Uint8Array.of(1),
    });
  });

  test('that are keys are looked at also where all others are well-formed', () => {
    expect(roundTrip({ map: { 'k\uD800': 1 } })).toEqual({ map: { 'k\uFFFD': 1 } });
  });

  test('of any length are valid UTF-8 with a lone surrogate at the end', () => {
    for (const length of [0, 10, 49, 50, 51, 300]) {
      expect(roundTrip({ text: `${'é'.repeat(length)}\uD83D` })).toEqual({ text: `${'é'.repeat(length)}\uFFFD` });
    }
  });

  test('are not changed in the body that was given', () => {
    const body = { text: '\uD800' };
    encode(body);
    expect(body.text).toBe('\uD800');
  });
});

describe('a frame that is too large', () => {
  test('is refused by type, size and maximum', () => {
    const fault = faultOf(() => encode({ list: Array.from({ length: 100 }, () => 1000) }, { maxFrameBytes: 200 }));
    expect(fault).toMatchObject({ code: 'frame_too_large', detail: { type: 'x-a', bytes: 315, maxFrameBytes: 200 } });
    expect(fault.message).toMatch(/x-a .* 315 .* 200 .*maxFrameBytes/);
  });

  test('is one byte above the maximum, the length not counted', () => {
    const { byteLength } = encode({ text: 'abc' });
    expect(() => encode({ text: 'abc' }, { maxFrameBytes: byteLength - 4 })).not.toThrow();
    expect(faultOf(() => encode({ text: 'abc' }, { maxFrameBytes: byteLength - 5 })).code).toBe('frame_too_large');
  });

  test('is refused at 2^24 bytes where nothing else is set', () => {
    expect(encode({ data: new Uint8Array(MAX_FRAME_BYTES - 17) }).byteLength).toBe(4 + MAX_FRAME_BYTES);
    expect(faultOf(() => encode({ data: new Uint8Array(MAX_FRAME_BYTES - 16) })).code).toBe('frame_too_large');
  });

  test('is refused before anything of its size is allocated', () => {
    const data = new Uint8Array(64 * 1_048_576);
    const before = process.memoryUsage().arrayBuffers;
    const fault = faultOf(() => encode({ files: [{ path: 'a', data }] }));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_048_576);
    expect(fault.message).toContain('at least 6710');
  });

  test('leaves the encoder as it was', () => {
    faultOf(() => encode({ text: 'x'.repeat(3_000_000) }, { maxFrameBytes: 100 }));
    expect(roundTrip({ text: 'y' })).toEqual({ text: 'y' });
  });
});

describe('what no frame can carry', () => {
  test.each([
    ['a bigint', { value: 1n }],
    ['a function', { list: [() => 1] }],
    ['a symbol', { map: { value: Symbol('s') } }],
  ])('is refused: %s', (name, body) => {
    expect(faultOf(() => encode(body))).toMatchObject({ code: 'invalid_body', message: expect.stringContaining(name) });
  });

  test('is refused: the key __proto__, which no receiver takes', () => {
    const body = JSON.parse('{"detail": {"__proto__": {}}}') as object;
    expect(faultOf(() => encode(body))).toMatchObject({
      code: 'invalid_body',
      message: expect.stringContaining('__proto__'),
    });
  });

  test('is refused: a body deeper than a receiver takes, or a cycle', () => {
    const deepest = nested(MAX_DEPTH - 1);
    expect(roundTrip(deepest)).toEqual(deepest);
    expect(faultOf(() => encode(nested(MAX_DEPTH))).code).toBe('too_deep');
    const cycle: Record<string, unknown> = {};
    cycle.self = [cycle];
    expect(faultOf(() => encode(cycle)).code).toBe('too_deep');
  });

  test.each([-1, 0.5, 4_294_967_296, Number.NaN])('is refused: the id %d', (id) => {
    expect(faultOf(() => encodeFrame({ type: 'cancel', id, body: {} }))).toMatchObject({
      code: 'invalid_frame',
      message: `the id of a frame must be an integer from 0 to 4294967295, got ${id}`,
    });
  });
});
