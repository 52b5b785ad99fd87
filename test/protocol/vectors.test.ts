import { describe, expect, test } from 'vitest';
import {
  encodeFrame,
  FrameReader,
  fromTaggedJson,
  hostFrames,
  ProtocolFault,
  parseTask,
  protocolErrorCodeSchema,
  sidecarFrames,
  toTaggedJson,
} from '../../protocol/index.js';
import { fromHex, toHex } from './support/bytes.js';
import {
  type FrameVector,
  hostVectors,
  judgeStream,
  malformedVectors,
  parserFor,
  sidecarVectors,
  toleratedVectors,
} from './support/vectors.js';

const frameVectors = [...hostVectors, ...sidecarVectors];

/** The faults that need a session to arise, and not only a stream. */
const sessionCodes = ['duplicate_id', 'window_overrun', 'init_timeout', 'unsupported_protocol', 'invalid_config'];

describe.each(frameVectors)('vector "$name"', ({ hex, json, direction }) => {
  test('decodes to its JSON', () => {
    expect(readAll(hex).map(({ type, id, body }) => toTaggedJson([type, id, body]))).toEqual([json]);
  });

  test('encodes from its JSON to the same bytes', () => {
    const [type, id, body] = fromTaggedJson(json) as FrameVector['json'];
    expect(toHex(encodeFrame({ type, id, body }))).toBe(hex);
  });

  test('is a valid frame of its direction, without any unknown field', () => {
    const [raw] = readAll(hex);
    const frame = parserFor(direction)(raw!);
    expect(frame).toEqual(raw);
    for (const task of tasksIn(frame!)) {
      expect(parseTask(task)).toMatchObject({ ok: true, task });
    }
  });
});

test.each(toleratedVectors)('a receiver takes $name', ({ hex, json, direction }) => {
  const frames = readAll(hex).map((raw) => parserFor(direction)(raw));
  expect(frames.map((frame) => frame && toTaggedJson([frame.type, frame.id, frame.body]))).toEqual([json]);
});

describe.each(malformedVectors)('malformed vector "$name"', (vector) => {
  const stream = fromHex(vector.hex);

  test(`is the fault ${vector.code} when it comes whole`, () => {
    const { error, frames, atEnd } = judgeStream([stream], vector);
    expect(error).toBeInstanceOf(ProtocolFault);
    expect({ code: (error as ProtocolFault).code, frames, atEnd }).toEqual({
      code: vector.code,
      frames: vector.framesBefore ?? 0,
      atEnd: vector.atEnd ?? false,
    });
  });

  test(`is the fault ${vector.code} when it comes in single bytes`, () => {
    const { error, frames } = judgeStream(
      Array.from(stream, (byte) => Uint8Array.of(byte)),
      vector,
    );
    expect(error).toMatchObject({ code: vector.code });
    expect(frames).toBe(vector.framesBefore ?? 0);
  });
});

describe('the vectors', () => {
  test('show every frame of the host', () => {
    expect(typesIn(hostVectors)).toEqual(Object.keys(hostFrames).sort());
  });

  test('show every frame of the sidecar', () => {
    expect(typesIn(sidecarVectors)).toEqual(Object.keys(sidecarFrames).sort());
  });

  test('show every fault that a stream alone can have', () => {
    const shown = new Set<string>(malformedVectors.map(({ code }) => code));
    expect(protocolErrorCodeSchema.options.filter((code) => !shown.has(code))).toEqual(sessionCodes);
  });

  test('have names that tell them apart', () => {
    for (const vectors of [hostVectors, sidecarVectors, toleratedVectors, malformedVectors]) {
      const names = vectors.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

function readAll(hex: string) {
  const reader = new FrameReader();
  const frames = [...reader.push(fromHex(hex))];
  reader.end();
  return frames;
}

function typesIn(vectors: readonly FrameVector[]): string[] {
  return [...new Set(vectors.map(({ json: [type] }) => type))].sort();
}

function tasksIn(frame: { type: string; body: unknown }): unknown[] {
  if (frame.type === 'submit') {
    return [frame.body];
  }
  return frame.type === 'submitBatch'
    ? (frame.body as { tasks: [number, unknown][] }).tasks.map(([, task]) => task)
    : [];
}
