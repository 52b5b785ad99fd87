import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { FRAMES_PER_TURN, PacedReader } from '../../../clients/node/paced-reader.js';
import { encodeFrame } from '../../../protocol/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { waitFor } from '../../support/wait-for.js';

const FRAMES = 20 * FRAMES_PER_TURN + 1;

describe('a paced reader', () => {
  const frames = Buffer.concat(Array.from({ length: FRAMES }, (_, id) => encodeFrame({ type: 'pong', id, body: {} })));

  it('hands on every frame of a flood in its order, but only so many in one turn, and then the end', async () => {
    const { stream, ids, ends, reader } = read();
    stream.end(frames);
    let most = 0;
    let wasBehind = false;
    while (ends.length === 0) {
      const before = ids.length;
      await nextTurn();
      most = Math.max(most, ids.length - before);
      wasBehind ||= reader.isBehind;
    }
    expect(ids).toEqual(Array.from({ length: FRAMES }, (_, id) => id));
    // A turn of this loop may see the end of one turn of the reader and the beginning of the next.
    expect(most).toBeLessThanOrEqual(2 * FRAMES_PER_TURN);
    expect(wasBehind).toBe(true);
    expect(reader.isBehind).toBe(false);
    expect(ends).toEqual(['end']);
  });

  it('holds back the writer while it is behind', async () => {
    const { stream, ids } = read();
    stream.write(frames);
    await waitFor(() => ids.length > 0, 'the first frames');
    expect(stream.isPaused()).toBe(true);
    await waitFor(() => ids.length === FRAMES, 'the last frame');
    expect(stream.isPaused()).toBe(false);
  });

  it('hands on what has arrived before the stream broke, and then tells of the frame that was cut', async () => {
    const { stream, ids, ends } = read();
    stream.write(frames);
    stream.write(Uint8Array.of(0, 0));
    await waitFor(() => ids.length === FRAMES, 'the last frame');
    stream.destroy(new Error('broken'));
    await waitFor(() => ends.length > 0, 'the end');
    expect(ends).toMatchObject([{ code: 'frame_truncated' }]);
  });

  it('drops what comes after it is stopped, and does not hold its writer back', async () => {
    const { stream, ids, ends, reader } = read();
    stream.write(frames);
    await waitFor(() => ids.length > 0, 'the first frames');
    reader.stop();
    const before = ids.length;
    expect(stream.isPaused()).toBe(false);
    stream.end();
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    expect(ids).toHaveLength(before);
    expect(ends).toEqual([]);
  });
});

describe('a host whose sidecar floods', () => {
  const script = useFakeSidecar();

  it('gets its turns, and the answer behind the flood', async () => {
    let heard = 0;
    await using sidecar = await Sidecar.spawn({
      ...script(
        { open: {} },
        { expect: 'ping', as: 'ping' },
        { flood: HEARTBEAT, count: 100_000 },
        {
          send: 'pong',
          id: 'ping',
        },
        { serve: {} },
      ),
      onHeartbeat: () => {
        heard += 1;
      },
    });
    let isAnswered = false;
    const answer = sidecar.ping().finally(() => {
      isAnswered = true;
    });
    let most = 0;
    while (!isAnswered) {
      const before = heard;
      await nextTurn();
      most = Math.max(most, heard - before);
    }
    await answer;
    expect(heard).toBe(100_000);
    expect(most).toBeLessThanOrEqual(2 * FRAMES_PER_TURN);
  });
});

const HEARTBEAT = { send: 'heartbeat', body: { seq: 1, uptimeMs: 1, loopDelayMs: 0, active: 0, queued: 0 } } as const;

function read() {
  const stream = new PassThrough({ highWaterMark: 1 });
  const ids: number[] = [];
  const ends: unknown[] = [];
  const reader = new PacedReader(stream, {
    onFrame: ({ id }) => ids.push(id),
    onError: (error) => ends.push(error),
    onEnd: () => ends.push('end'),
  });
  return { stream, ids, ends, reader };
}
