import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader, FrameWriter } from '../../../protocol/index.js';
import { faultOf } from '../support/faults.js';

function collectWrites(maxFrameBytes?: number): { writer: FrameWriter; writes: Uint8Array[][] } {
  const writes: Uint8Array[][] = [];
  const write = (chunks: Uint8Array[]) => void writes.push(chunks);
  return { writer: new FrameWriter(maxFrameBytes === undefined ? { write } : { write, maxFrameBytes }), writes };
}

function idsIn(write: readonly Uint8Array[]): number[] {
  const reader = new FrameReader();
  return write.flatMap((chunk) => Array.from(reader.push(chunk), ({ id }) => id));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const frame = (id: number, body: object = {}) => ({ type: 'cancel', id, body });

describe('a writer', () => {
  test('writes all frames of a turn at once, in their order', async () => {
    const { writer, writes } = collectWrites();
    for (let id = 1; id <= 1000; id += 1) {
      writer.send(frame(id));
    }
    expect(writes).toHaveLength(0);
    await turn();
    expect(writes).toHaveLength(1);
    expect(writes[0]).toHaveLength(1);
    expect(idsIn(writes[0]!)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  });

  test('writes once for each turn in which something was sent', async () => {
    const { writer, writes } = collectWrites();
    writer.send(frame(1));
    await turn();
    await turn();
    writer.send(frame(2));
    await turn();
    expect(writes.map(idsIn)).toEqual([[1], [2]]);
  });

  test('writes now when it is flushed, and not again at the end of the turn', async () => {
    const { writer, writes } = collectWrites();
    writer.send(frame(1));
    writer.flush();
    expect(writes.map(idsIn)).toEqual([[1]]);
    await turn();
    expect(writes).toHaveLength(1);
  });

  test('writes what is sent after a flush in the same turn', async () => {
    const { writer, writes } = collectWrites();
    writer.send(frame(1));
    writer.flush();
    writer.send(frame(2));
    await turn();
    expect(writes.map(idsIn)).toEqual([[1], [2]]);
  });

  test('writes nothing where nothing was sent', async () => {
    const { writer, writes } = collectWrites();
    writer.flush();
    await turn();
    expect(writes).toEqual([]);
  });

  test('writes what is sent while it writes', async () => {
    const seen: number[] = [];
    const writer = new FrameWriter({
      write: (chunks) => {
        seen.push(...idsIn(chunks));
        if (seen.length === 1) {
          writer.send(frame(2));
        }
      },
    });
    writer.send(frame(1));
    await turn();
    expect(seen).toEqual([1, 2]);
  });

  test('encodes when a frame is sent, so that its body may change afterwards', async () => {
    const { writer, writes } = collectWrites();
    const body = { reason: 'before' };
    writer.send(frame(1, body));
    body.reason = 'after';
    await turn();
    expect([...new FrameReader().push(writes[0]![0]!)][0]?.body).toEqual({ reason: 'before' });
  });

  test('writes a frame that is encoded already in its place among the others', async () => {
    const { writer, writes } = collectWrites();
    writer.send(frame(1));
    writer.sendEncoded(encodeFrame(frame(2)));
    writer.send(frame(3));
    await turn();
    expect(writes.map(idsIn)).toEqual([[1, 2, 3]]);
  });

  test('refuses a frame that is too large and still writes the others', async () => {
    const { writer, writes } = collectWrites(100);
    writer.send(frame(1));
    expect(faultOf(() => writer.send(frame(2, { reason: 'x'.repeat(100) }))).code).toBe('frame_too_large');
    writer.send(frame(3));
    await turn();
    expect(writes.map(idsIn)).toEqual([[1, 3]]);
  });
});
