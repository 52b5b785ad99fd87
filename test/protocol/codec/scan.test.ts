import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeFrame } from '../../../protocol/codec/decode.js';
import { scanFrame } from '../../../protocol/codec/scan.js';
import { MAX_ELEMENTS, ProtocolFault } from '../../../protocol/index.js';
import { concat, fromHex, payloadOf, utf8 } from '../support/bytes.js';
import { faultOf } from '../support/faults.js';
import { hostVectors, malformedVectors, sidecarVectors, toleratedVectors } from '../support/vectors.js';

const codeOf = (payload: Uint8Array) => faultOf(() => scanFrame(payload)).code;

describe('every form of a value is let through', () => {
  test.each([
    ['nil, false and true', '93 c0 c2 c3'],
    ['integers of every width', '99 00 7f ff e0 cc80 cd0080 ce00000080 d0ff d1ffff'],
    ['wide integers', '94 d2ffffffff cf001fffffffffffff d3ffe0000000000001 d3001fffffffffffff'],
    ['floats', '93 ca3fc00000 cb3ff8000000000000 cb7ff8000000000000'],
    ['strings of every length form', '94 a161 d90161 da000161 db0000000161'],
    ['binaries of every length form', '93 c401ff c50001ff c600000001ff'],
    ['arrays of every length form', '93 91c0 dc0001c0 dd00000001c0'],
    ['maps of every length form', '93 81a161c0 de0001a161c0 df00000001a161c0'],
    ['empty containers', '94 90 80 dc0000 df00000000'],
    ['a value that is no container', 'c0'],
  ])('%s', (_, hex) => {
    expect(() => scanFrame(fromHex(hex))).not.toThrow();
  });
});

describe('nesting', () => {
  const nested = (levels: number) => fromHex(`${'91'.repeat(levels - 1)}90`);

  test('may be 16 levels deep', () => {
    expect(() => scanFrame(nested(16))).not.toThrow();
  });

  test('is refused at 17 levels, however many follow', () => {
    expect(codeOf(nested(17))).toBe('too_deep');
    expect(codeOf(nested(100_000))).toBe('too_deep');
  });

  test('counts what is open, not what was opened before', () => {
    expect(() => scanFrame(fromHex(`9f ${'9190'.repeat(15)}`))).not.toThrow();
  });
});

describe('declared lengths', () => {
  test('of arrays are compared with the bytes that remain', () => {
    expect(() => scanFrame(fromHex('dd00000002 c0c0'))).not.toThrow();
    const fault = faultOf(() => scanFrame(fromHex('dd00000003 c0c0')));
    expect(fault).toMatchObject({ code: 'too_many_elements', detail: { elements: 3, bytesLeft: 2 } });
    expect(fault.message).toContain('declares 3 elements');
  });

  test('of maps count two elements for each entry', () => {
    expect(() => scanFrame(fromHex('df00000001 a0c0'))).not.toThrow();
    expect(codeOf(fromHex('df00000002 a0c0a0'))).toBe('too_many_elements');
  });

  test('of all arrays and maps together are bounded', () => {
    const emptyMaps = (count: number) => {
      const payload = new Uint8Array(5 + count).fill(0x80);
      payload.set([0xdd, count >>> 24, count >>> 16, count >>> 8, count]);
      return payload;
    };
    expect(() => scanFrame(emptyMaps(MAX_ELEMENTS))).not.toThrow();
    const fault = faultOf(() => scanFrame(emptyMaps(MAX_ELEMENTS + 1)));
    expect(fault).toMatchObject({ code: 'too_many_elements', detail: { maxElements: MAX_ELEMENTS } });
  });

  test('of strings and binaries must lie within the payload', () => {
    expect(codeOf(fromHex('d903 6161'))).toBe('decode_failed');
    expect(codeOf(fromHex('c403 6161'))).toBe('decode_failed');
    expect(faultOf(() => scanFrame(fromHex('c403 6161'))).message).toContain('needs 3 more bytes');
  });

  test('that are cut short themselves are a value cut short', () => {
    for (const head of ['c4', 'c500', 'c6000000', 'd9', 'da00', 'db000000', 'dc00', 'dd000000', 'de00', 'df000000']) {
      expect(codeOf(fromHex(head))).toBe('decode_failed');
    }
  });
});

test('an empty payload is a value cut short', () => {
  expect(codeOf(new Uint8Array(0))).toBe('decode_failed');
});

test('integers are refused from ±2^53 on', () => {
  expect(codeOf(fromHex('cf0020000000000000'))).toBe('decode_failed');
  expect(codeOf(fromHex('d30020000000000000'))).toBe('decode_failed');
  expect(codeOf(fromHex('d3ffe0000000000000'))).toBe('decode_failed');
});

test('every ext type and the reserved byte are refused', () => {
  for (const head of [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
    expect(codeOf(concat(Uint8Array.of(head), new Uint8Array(20)))).toBe('decode_failed');
  }
});

test('a fault names the offset of a string that is not UTF-8', () => {
  const payload = concat(fromHex('92 c0 da012d'), utf8('x'.repeat(300)), fromHex('e9'));
  expect(faultOf(() => scanFrame(payload))).toMatchObject({ code: 'invalid_utf8', detail: { offset: 305 } });
});

test('only strings that are values are shown to the visitor', () => {
  const payload = fromHex('82 a16b a3616263 a176 92 a0 c40161');
  const texts: string[] = [];
  scanFrame(payload, (start, end) => texts.push(Buffer.from(payload.subarray(start, end)).toString()));
  expect(texts).toEqual(['abc', '']);
});

test('a payload that begins inside a larger buffer is read within its own bounds', () => {
  const buffer = concat(fromHex('ffff'), payloadOf('cf000000000000ffff'), fromHex('c0'));
  expect(() => scanFrame(buffer.subarray(2, buffer.byteLength - 1))).not.toThrow();
  expect(codeOf(buffer.subarray(2))).toBe('decode_failed');
});

describe('whatever the bytes', () => {
  const vectors = [...hostVectors, ...sidecarVectors, ...toleratedVectors, ...malformedVectors];
  const payloads = vectors.map(({ hex }) => fromHex(hex).subarray(4)).filter(({ byteLength }) => byteLength > 0);
  const mutated = fc
    .record({
      payload: fc.constantFrom(...payloads),
      changes: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
      cut: fc.option(fc.nat(), { freq: 4 }),
      inserted: fc.uint8Array({ maxLength: 4 }),
      at: fc.nat(),
    })
    .map(({ payload, changes, cut, inserted, at }) => {
      const position = at % (payload.byteLength + 1);
      const bytes = concat(payload.subarray(0, position), inserted, payload.subarray(position));
      for (const [index, byte] of changes) {
        bytes[index % bytes.byteLength] = byte;
      }
      return cut === null ? bytes : bytes.subarray(0, cut % (bytes.byteLength + 1));
    });
  const heads = fc.constantFrom(
    0x80,
    0x81,
    0x90,
    0x92,
    0xa1,
    0xc0,
    0xc4,
    0xca,
    0xcf,
    0xd3,
    0xd9,
    0xdc,
    0xdd,
    0xde,
    0xdf,
  );
  const likely = fc
    .array(fc.oneof(heads, fc.nat({ max: 255 })), { maxLength: 40 })
    .map((bytes) => Uint8Array.from(bytes));

  test.each([
    ['random', fc.uint8Array({ maxLength: 64 })],
    ['random among the heads of values', likely],
    ['taken from vectors and changed', mutated],
  ])('it throws only ProtocolFaults and lets nothing through that cannot be decoded: %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (bytes) => {
        const scanned = outcomeOf(() => scanFrame(bytes));
        const decoded = outcomeOf(() => decodeFrame(bytes));
        expect(decoded).toBeOneOf(scanned === 'ok' ? ['ok', 'invalid_frame'] : [scanned]);
      }),
      { numRuns: 20_000 },
    );
  });
});

function outcomeOf(act: () => unknown): string {
  try {
    act();
    return 'ok';
  } catch (error) {
    if (error instanceof ProtocolFault) {
      return error.code;
    }
    throw error;
  }
}
