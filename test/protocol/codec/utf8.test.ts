import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findInvalidUtf8 } from '../../../protocol/codec/utf8.js';
import { fromHex, utf8 } from '../support/bytes.js';

const find = (bytes: Uint8Array) => findInvalidUtf8(bytes, 0, bytes.byteLength);

describe('well-formed UTF-8', () => {
  test.each([
    ['nothing', ''],
    ['ASCII', '00 41 7f'],
    ['the first and last of two bytes', 'c280 dfbf'],
    ['the first and last of three bytes', 'e0a080 efbfbf'],
    ['the code points around the surrogates', 'ed9fbf ee8080'],
    ['the first and last of four bytes', 'f0908080 f48fbfbf'],
  ])('is %s', (_, hex) => {
    expect(find(fromHex(hex))).toBe(-1);
  });
});

describe('the position where well-formed UTF-8 ends', () => {
  test.each([
    ['a continuation byte alone', '41 80', 1],
    ['an overlong form of two bytes', '41 c1bf', 1],
    ['an overlong form of three bytes', 'e09fbf', 0],
    ['an overlong form of four bytes', 'f08fbfbf', 0],
    ['the first surrogate', '4141 eda080', 2],
    ['the last surrogate', 'edbfbf', 0],
    ['the first code point that does not exist', 'f4908080', 0],
    ['a lead byte of five bytes', 'f888808080', 0],
    ['a sequence cut short at its second byte', 'c3a9 e2', 2],
    ['a sequence cut short at its third byte', 'e282', 0],
    ['a third byte that is ASCII', 'e28241', 0],
    ['a fourth byte that begins another sequence', 'f09f98 c3a9', 0],
  ])('is found for %s', (_, hex, position) => {
    expect(find(fromHex(hex))).toBe(position);
  });

  test('does not depend on bytes outside the range', () => {
    expect(findInvalidUtf8(fromHex('ff e282ac ff'), 1, 4)).toBe(-1);
    expect(findInvalidUtf8(fromHex('e282ac'), 0, 2)).toBe(0);
  });
});

test('what is well-formed is what a strict decoder takes', () => {
  const strict = new TextDecoder('utf-8', { fatal: true });
  const takes = (bytes: Uint8Array) => {
    try {
      strict.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const nearlyText = fc
    .tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.nat(), fc.nat({ max: 255 }))
    .map(([text, position, byte]) => {
      const bytes = utf8(text);
      bytes[position % bytes.byteLength] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 12 }), nearlyText), (bytes) => {
      expect(find(bytes) === -1).toBe(takes(bytes));
    }),
    { numRuns: 5000 },
  );
});

test('a long text is judged as a short one is, wherever it lies and whatever is wrong in it', () => {
  const long = fc.record({
    lead: fc.nat(20),
    runs: fc.array(fc.tuple(fc.nat(300), fc.constantFrom('é', '€', '😀', 'a')), { minLength: 1, maxLength: 5 }),
    fault: fc.option(fc.tuple(fc.nat(), fc.constantFrom(0x80, 0xc0, 0xff))),
  });
  fc.assert(
    fc.property(long, ({ lead, runs, fault }) => {
      const text = utf8(runs.map(([length, character]) => 'x'.repeat(length) + character).join(''));
      if (fault !== null) text[fault[0] % text.byteLength] = fault[1];
      const bytes = new Uint8Array(lead + text.byteLength + 1).fill(0xff);
      bytes.set(text, lead);
      const found = findInvalidUtf8(bytes, lead, lead + text.byteLength);
      const valid = Buffer.from(new TextDecoder().decode(text)).equals(text);
      expect(found === -1).toBe(valid);
      const end = found === -1 ? text.byteLength : found - lead;
      expect(Buffer.from(new TextDecoder().decode(text.subarray(0, end)))).toEqual(Buffer.from(text.subarray(0, end)));
    }),
    { numRuns: 2_000 },
  );
});
