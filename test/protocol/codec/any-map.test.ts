import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../protocol/codec/decode.js';
import { encodeFrame, FRAME_HEADER_BYTES, parseHostFrame } from '../../../protocol/index.js';
import { anyMapSchema } from '../../../protocol/schemas/primitives.js';

const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.uint8Array({ maxLength: 8 }));
const body = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__'),
  fc.oneof(value, fc.array(value, { maxLength: 3 })),
  { noNullPrototype: true },
);

describe('a frame whose body may be any map', () => {
  it('is what the schema would have made of it, which is not asked', () => {
    fc.assert(
      fc.property(fc.constantFrom('submit', 'ping'), body, (type, body) => {
        const raw = decodeFrame(encodeFrame({ type, id: 1, body }).subarray(FRAME_HEADER_BYTES));
        const parsed = anyMapSchema.safeParse(raw.body);
        expect(parsed.success).toBe(true);
        expect(parseHostFrame(raw)).toEqual({ type, id: 1, body: parsed.data });
      }),
    );
  });
});
