import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES, type RawFrame, ReadBuffer } from '../../../protocol/index.js';
import { anyFrame, splitsOf } from '../support/arbitraries.js';
import { concat, framed, fromHex, payloadOf, utf8 } from '../support/bytes.js';
import { faultOf } from '../support/faults.js';
import { hostVectors, sidecarVectors } from '../support/vectors.js';

const frame = (id: number, body: object = {}) => encodeFrame({ type: 'cancel', id, body });
const readAll = (reader: FrameReader, ...chunks: Uint8Array[]) => chunks.flatMap((chunk) => [...reader.push(chunk)]);
const idsOf = (frames: Iterable<RawFrame>) => Array.from(frames, ({ id }) => id);

describe('frames', () => {
  const stream = concat(...[...hostVectors, ...sidecarVectors].map(({ hex }) => fromHex(hex)));
  const expected = readAll(new FrameReader(), stream);

  test('are the same for every split of a stream', () => {
    fc.assert(
      fc.property(splitsOf(stream), (chunks) => {
        const reader = new FrameReader();
        expect(readAll(reader, ...chunks)).toEqual(expected);
        reader.end();
      }),
      { numRuns: 200 },
    );
  });

  test('are the same for every split of what is read into one buffer, and overwritten when it is not kept', () => {
    const output = encodeFrame({
      type: 'output',
      id: 1,
      body: { stream: 'stdout', offset: 0, data: utf8('abc'.repeat(9)) },
    });
    const large = encodeFrame({
      type: 'reply',
      id: 1,
      body: { text: 'x'.repeat(500), data: new Uint8Array(200) },
    });
    const sent = concat(stream, output, large, output, output);
    const frames = readAll(new FrameReader(), sent);
    fc.assert(
      fc.property(splitsOf(sent), fc.integer({ min: 1, max: 2_000 }), fc.boolean(), (chunks, capacity, isAhead) => {
        const buffer = new ReadBuffer(capacity);
        const reader = new FrameReader({ buffer });
        const read: RawFrame[] = [];
        let left = concat(...chunks);
        for (const { byteLength } of chunks) {
          for (let rest = byteLength; rest > 0; ) {
            const room = buffer.room();
            const size = Math.min(rest, room.byteLength);
            room.fill(0xff);
            room.set(left.subarray(0, size));
            left = left.subarray(size);
            rest -= size;
            const filled = buffer.filled(size);
            // Whoever reads ahead has its room before the frames of the last one have been taken.
            if (isAhead) buffer.room();
            for (const frame of reader.push(filled)) read.push(structuredClone(frame));
          }
        }
        expect(read).toEqual(frames);
        reader.end();
      }),
      { numRuns: 200 },
    );
  });

  test('are handed on as views of the one buffer where they are output, and else as bytes of their own', () => {
    const buffer = new ReadBuffer(1_000);
    const reader = new FrameReader({ buffer });
    const data = utf8('abc');
    const sent = concat(
      encodeFrame({ type: 'output', id: 1, body: { stream: 'stdout', offset: 0, data } }),
      encodeFrame({ type: 'reply', id: 1, body: { data } }),
    );
    buffer.room().set(sent);
    const [output, reply] = [...reader.push(buffer.filled(sent.byteLength))].map(
      ({ body }) => (body as { data: Uint8Array }).data,
    );
    expect([output, reply]).toEqual([data, data]);
    expect([buffer.holds(output!), buffer.holds(reply!)]).toEqual([true, false]);
  });

  test('are the same in single bytes', () => {
    const reader = new FrameReader();
    expect(readAll(reader, ...Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(expected);
    reader.end();
  });

  test('are what was encoded, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 5 }), (frames) => {
        expect(readAll(new FrameReader(), concat(...frames.map((each) => encodeFrame(each))))).toEqual(frames);
      }),
      { numRuns: 300 },
    );
  });

  test('are decoded only when they are asked for', () => {
    const reader = new FrameReader();
    const frames = reader.push(concat(frame(1), fromHex('00000000')));
    expect(frames.next().value?.id).toBe(1);
    expect(faultOf(() => frames.next()).code).toBe('frame_empty');
  });
});

describe('a consumer that leaves early', () => {
  test('finds the frames it has not seen with the next chunk, each exactly once', () => {
    const stream = concat(...Array.from({ length: 30 }, (_, id) => frame(id, { reason: 'r'.repeat(id) })));
    fc.assert(
      fc.property(splitsOf(stream), fc.array(fc.nat({ max: 3 }), { minLength: 1 }), (chunks, appetites) => {
        const reader = new FrameReader();
        const seen: number[] = [];
        chunks.forEach((chunk, index) => {
          let appetite = appetites[index % appetites.length]!;
          for (const { id } of reader.push(chunk)) {
            seen.push(id);
            appetite -= 1;
            if (appetite < 0) break;
          }
        });
        seen.push(...idsOf(reader.push(new Uint8Array(0))));
        expect(seen).toEqual(Array.from({ length: 30 }, (_, id) => id));
        reader.end();
      }),
      { numRuns: 200 },
    );
  });

  test('may leave many chunks behind before it reads on', () => {
    const stream = concat(...Array.from({ length: 200 }, (_, id) => frame(id)));
    const reader = new FrameReader();
    for (const byte of stream) {
      reader.push(Uint8Array.of(byte));
    }
    expect(reader.pendingBytes).toBe(stream.byteLength);
    expect(idsOf(reader.push(new Uint8Array(0)))).toEqual(Array.from({ length: 200 }, (_, id) => id));
    expect(reader.pendingBytes).toBe(0);
  });
});

describe('pendingBytes', () => {
  test('counts what no frame was made of yet', () => {
    const reader = new FrameReader();
    const [first, second] = [frame(1), frame(2, { reason: 'because' })];
    readAll(reader, concat(first, second.subarray(0, 6)));
    expect(reader.pendingBytes).toBe(6);
    readAll(reader, second.subarray(6));
    expect(reader.pendingBytes).toBe(0);
  });

  test('falls by the bytes of each frame as it is yielded', () => {
    const reader = new FrameReader();
    const [first, second] = [frame(1), frame(2, { reason: 'because' })];
    const frames = reader.push(concat(first, second));
    frames.next();
    expect(reader.pendingBytes).toBe(second.byteLength);
  });
});

describe('binaries', () => {
  const bytes = encodeFrame({ type: 'stdin', id: 1, body: { data: utf8('some data') } });
  const dataOf = (frames: readonly RawFrame[]) => frames[0]!.body.data as Uint8Array;

  test('of a frame that came whole are views of the chunk', () => {
    expect(dataOf(readAll(new FrameReader(), bytes)).buffer).toBe(bytes.buffer);
  });

  test('of a frame that came in pieces are apart from the chunks', () => {
    const chunks = [bytes.slice(0, 12), bytes.slice(12)];
    const data = dataOf(readAll(new FrameReader(), ...chunks));
    chunks.forEach((chunk) => void chunk.fill(0));
    expect(data).toEqual(utf8('some data'));
  });

  test('are plain bytes also where the chunk is a Buffer', () => {
    const data = dataOf(readAll(new FrameReader(), Buffer.from(bytes)));
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
    expect(data).toEqual(utf8('some data'));
  });
});

describe('the largest frame', () => {
  const ofSize = (bytes: number) => {
    const overhead = payloadOf('c600000000').byteLength;
    const data = Buffer.alloc(bytes - overhead);
    const length = data.byteLength.toString(16).padStart(8, '0');
    return framed(concat(payloadOf(`c6${length}`), data));
  };

  test('may have exactly maxFrameBytes bytes, its length not counted', () => {
    expect(readAll(new FrameReader({ maxFrameBytes: 1000 }), ofSize(1000))).toHaveLength(1);
    const fault = faultOf(() => readAll(new FrameReader({ maxFrameBytes: 1000 }), ofSize(1001)));
    expect(fault).toMatchObject({ code: 'frame_too_large', detail: { length: 1001, maxFrameBytes: 1000 } });
    expect(fault.message).toMatch(/1001 .* 1000 .*maxFrameBytes/);
    expect(fault.message).not.toContain('text');
  });

  test('has 16,777,215 bytes where nothing else is set', () => {
    expect(readAll(new FrameReader(), ofSize(MAX_FRAME_BYTES))).toHaveLength(1);
  });

  test('can be set anew for the frames whose length has not been read', () => {
    const reader = new FrameReader({ maxFrameBytes: 100 });
    readAll(reader, ofSize(100), ofSize(80).subarray(0, 10));
    reader.maxFrameBytes = 50;
    expect(readAll(reader, ofSize(80).subarray(10), ofSize(50))).toHaveLength(2);
    expect(faultOf(() => readAll(reader, ofSize(51))).code).toBe('frame_too_large');
  });

  test.each([0, -1, 1.5, Number.NaN, MAX_FRAME_BYTES + 1])('cannot be set to %d', (maxFrameBytes) => {
    expect(() => new FrameReader({ maxFrameBytes })).toThrow(RangeError);
    expect(() => {
      new FrameReader().maxFrameBytes = maxFrameBytes;
    }).toThrow(`maxFrameBytes must be an integer from 1 to 16777215, got ${maxFrameBytes}`);
  });

  test('is judged as soon as its length has come, in whatever pieces', () => {
    const reader = new FrameReader();
    readAll(reader, fromHex('ff'), fromHex('ffff'));
    expect(faultOf(() => readAll(reader, fromHex('ff'))).code).toBe('frame_too_large');
  });
});

describe('stray text', () => {
  test('is quoted, the first 64 bytes of it', () => {
    const text = `Traceback (most recent call last):\n${'x'.repeat(100)}`;
    const { message, detail } = faultOf(() => readAll(new FrameReader(), utf8(text)));
    const quoted = JSON.stringify(text.slice(0, 64));
    expect(message).toContain(quoted);
    expect(message).toContain('looks like text');
    expect(detail).toMatchObject({ received: quoted });
  });

  test('is quoted from where a frame should have begun', () => {
    const fault = faultOf(() => readAll(new FrameReader(), frame(1), utf8('oops: it broke\n')));
    expect(fault.message).toContain('"oops: it broke\\n"');
  });

  test('is quoted as far as it has come when it comes in pieces', () => {
    const fault = faultOf(() => readAll(new FrameReader(), utf8('pa'), utf8('nic: at line 7')));
    expect(fault.message).toContain('"panic: at line 7"');
  });

  test('is quoted at the end of a stream that has fewer bytes than a length', () => {
    const reader = new FrameReader();
    readAll(reader, utf8('ok\n'));
    expect(faultOf(() => reader.end())).toMatchObject({
      code: 'frame_truncated',
      message: 'the stream ended after 3 of the 4 bytes of a frame length; the bytes are "ok\\n"',
    });
  });
});

describe('the end of the stream', () => {
  test('is clean between frames, and before the first', () => {
    const reader = new FrameReader();
    reader.end();
    readAll(reader, frame(1));
    expect(() => reader.end()).not.toThrow();
  });

  test('inside a frame says how much of it has come', () => {
    const reader = new FrameReader();
    readAll(reader, framed(payloadOf('c0')).subarray(0, 7));
    expect(faultOf(() => reader.end())).toMatchObject({
      code: 'frame_truncated',
      message: 'the stream ended after 7 of the 14 bytes of a frame',
      detail: { arrived: 7, expected: 14 },
    });
  });
});

describe('after a fault', () => {
  test('the frames before it have been yielded', () => {
    const ids: number[] = [];
    const fault = faultOf(() => {
      for (const { id } of new FrameReader().push(concat(frame(1), frame(2), fromHex('00000001c1'), frame(3)))) {
        ids.push(id);
      }
    });
    expect(fault.code).toBe('decode_failed');
    expect(ids).toEqual([1, 2]);
  });

  test('the reader says that it cannot be used, and why', () => {
    const reader = new FrameReader();
    const first = faultOf(() => readAll(reader, fromHex('00000000')));
    for (const use of [() => reader.push(frame(1)), () => reader.end()]) {
      const fault = faultOf(use);
      expect(fault).toMatchObject({ code: 'frame_empty', cause: first });
      expect(fault.message).toContain('cannot be used after a fault');
    }
  });

  test('a generator that was left before the fault meets it too', () => {
    const reader = new FrameReader();
    const abandoned = reader.push(concat(frame(1), fromHex('00000000')));
    abandoned.next();
    faultOf(() => readAll(reader, frame(2)));
    expect(faultOf(() => abandoned.next()).message).toContain('cannot be used after a fault');
  });

  test('what has come is let go of', () => {
    const reader = new FrameReader();
    faultOf(() => readAll(reader, fromHex('0000'), concat(fromHex('0000'), new Uint8Array(1000))));
    expect(reader.pendingBytes).toBe(0);
  });
});
