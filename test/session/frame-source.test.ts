import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, ProtocolFault } from '../../protocol/index.js';
import { FrameSource, type ReceivedFrame } from '../../src/session/frame-source.js';
import { RawFrames } from '../../src/session/raw-frames.js';
import { TestSource } from './support/frames.js';

const ping = (id: number, bytes = 0) => ({ type: 'ping', id, body: { data: new Uint8Array(bytes) } });

function sourceOf(input: TestSource): FrameSource {
  return new FrameSource(new RawFrames(input));
}

async function readAll(source: FrameSource): Promise<ReceivedFrame[]> {
  const received: ReceivedFrame[] = [];
  for (let next = await source.next(); next !== null; next = await source.next()) received.push(next);
  return received;
}

/** The fault with which reading ends. */
async function faultOf(source: FrameSource): Promise<ProtocolFault> {
  const error = await readAll(source).catch((reason: unknown) => reason);
  if (!(error instanceof ProtocolFault)) throw new Error(`no fault: ${String(error)}`);
  return error;
}

describe('the frame source', () => {
  it('gives the frames of the host in order and ends where the stream ends', async () => {
    const input = new TestSource();
    input.send(ping(1), ping(2));
    input.end();
    const source = sourceOf(input);
    expect((await readAll(source)).map(({ frame }) => frame.id)).toEqual([1, 2]);
    expect(await source.next()).toBeNull();
  });

  it('counts the bytes of each frame, wherever the stream is cut', async () => {
    const frames = [ping(1), ping(2, 300), ping(3, 70_000), ping(4)].map((frame) => encodeFrame(frame));
    const stream = Buffer.concat(frames);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(stream.byteLength), { maxLength: 12 }), async (cuts) => {
        const input = new TestSource();
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.byteLength];
        for (let at = 1; at < edges.length; at += 1) input.write(stream.subarray(edges[at - 1], edges[at]));
        input.end();
        const received = await readAll(sourceOf(input));
        expect(received.map(({ byteLength }) => byteLength)).toEqual(frames.map(({ byteLength }) => byteLength));
      }),
      { numRuns: 50 },
    );
  });

  it('passes over frames whose type begins with x-', async () => {
    const input = new TestSource();
    input.send({ type: 'x-extension', id: 5, body: {} }, ping(1));
    input.end();
    expect((await readAll(sourceOf(input))).map(({ frame }) => frame.type)).toEqual(['ping']);
  });

  it('reads nothing that it was not asked for', async () => {
    const input = new TestSource();
    for (let id = 1; id <= 50; id += 1) input.send(ping(id));
    const source = sourceOf(input);
    await source.next();
    await source.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(input.read).toBe(2);
  });

  it('takes no larger frames than it was told, from the next frame on', async () => {
    const input = new TestSource();
    input.send(ping(1, 200), ping(2, 50), ping(3, 200));
    const frames = new RawFrames(input, 10_000);
    const source = new FrameSource(frames);
    await source.next();
    frames.limitFrames(100);
    await source.next();
    const fault = await faultOf(source);
    expect([fault.code, fault.message]).toEqual(['frame_too_large', expect.stringContaining('100')]);
  });

  it('ends with the error of a stream that breaks', async () => {
    const input = new TestSource();
    input.fail(new Error('EIO'));
    await expect(sourceOf(input).next()).rejects.toThrow('EIO');
  });
});

describe('what is not a frame of a host', () => {
  it.each<[string, Uint8Array, string]>([
    ['an unknown type', encodeFrame({ type: 'nonsense', id: 1, body: {} }), 'unknown_type'],
    ['a frame that only the sidecar sends', encodeFrame({ type: 'hello', id: 0, body: {} }), 'unexpected_frame'],
    ['a body that is wrong', encodeFrame({ type: 'signal', id: 1, body: {} }), 'invalid_body'],
    ['an id that does not go with the type', encodeFrame({ type: 'cancel', id: 0, body: {} }), 'invalid_frame'],
    ['text', Buffer.from('hello there\n'), 'frame_too_large'],
    ['a frame that is cut off', encodeFrame(ping(1)).subarray(0, 6), 'frame_truncated'],
    ['nothing at all', new Uint8Array(4), 'frame_empty'],
  ])('is a fault: %s', async (_what, bytes, code) => {
    const input = new TestSource();
    input.write(bytes);
    input.end();
    expect((await faultOf(sourceOf(input))).code).toBe(code);
  });

  it('does not take the frames before it away', async () => {
    const input = new TestSource();
    input.write(Buffer.concat([encodeFrame(ping(1)), Buffer.from('garbage')]));
    const source = sourceOf(input);
    expect((await source.next())?.frame.id).toBe(1);
    await expect(source.next()).rejects.toBeInstanceOf(ProtocolFault);
  });
});
