import fc from 'fast-check';

const key = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '__proto__');

const { value } = fc.letrec<{ value: unknown; leaf: unknown; list: unknown; map: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 5, withCrossShrink: true }, tie('leaf'), tie('list'), tie('map')),
  leaf: fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 300 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => text.isWellFormed()),
    fc.uint8Array({ maxLength: 300 }),
  ),
  list: fc.array(tie('value'), { maxLength: 20 }),
  map: fc.dictionary(key, tie('value'), { maxKeys: 20, noNullPrototype: true }),
}));

/** Any body that a frame can carry. Left out is what JSON or msgpack integers cannot tell apart: −0, NaN, ∞. */
export const anyBody: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(key, value, {
  maxKeys: 8,
  noNullPrototype: true,
});

/** Any frame that can be sent. */
export const anyFrame = fc.record({
  type: fc.string({ unit: 'grapheme', maxLength: 20 }),
  id: fc.integer({ min: 0, max: 0xffff_ffff }),
  body: anyBody,
});

/** Any way of splitting `bytes` into chunks, empty ones among them. */
export function splitsOf(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat({ max: bytes.byteLength }), { maxLength: 40 }).map((cuts) => {
    const edges = [0, ...cuts.sort((a, b) => a - b), bytes.byteLength];
    return edges.slice(1).map((end, index) => bytes.slice(edges[index], end));
  });
}
