import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromTaggedJson, toTaggedJson } from '../../protocol/index.js';
import { anyBody } from './support/arbitraries.js';

describe('bytes', () => {
  test('become a tag with lower-case hex', () => {
    expect(toTaggedJson({ data: Uint8Array.of(0, 171, 255) })).toEqual({ data: { $bytes: '00abff' } });
  });

  test('come back from their tag, in either case', () => {
    expect(fromTaggedJson([{ $bytes: '00abFF' }, { $bytes: '' }])).toEqual([
      Uint8Array.of(0, 171, 255),
      new Uint8Array(0),
    ]);
  });

  test.each([{ $bytes: 'abc' }, { $bytes: 'zz' }, { $bytes: 5 }, { $bytes: '00', more: 1 }])(
    'do not come of a wrong tag: %o',
    (tag) => {
      expect(() => fromTaggedJson({ data: tag })).toThrow('$bytes must stand alone');
    },
  );
});

describe('a map that looks like a tag', () => {
  test.each([
    [{ $bytes: '00' }, { $$bytes: '00' }],
    [{ $$bytes: 1 }, { $$$bytes: 1 }],
    [
      { $bytes: 'no hex', other: 1 },
      { $$bytes: 'no hex', other: 1 },
    ],
    [
      { bytes: '00', $text: 'a' },
      { bytes: '00', $text: 'a' },
    ],
  ])('is escaped and comes back: %o', (map, json) => {
    expect(toTaggedJson(map)).toEqual(json);
    expect(fromTaggedJson(json)).toEqual(map);
  });
});

test('fields that are undefined are left out', () => {
  expect(Object.keys(toTaggedJson({ a: undefined, b: null }) as object)).toEqual(['b']);
});

test('whatever a frame holds comes back from its JSON text', () => {
  fc.assert(
    fc.property(anyBody, (body) => {
      expect(fromTaggedJson(JSON.parse(JSON.stringify(toTaggedJson(body))))).toEqual(body);
    }),
    { numRuns: 500 },
  );
});
