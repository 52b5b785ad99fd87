import { randomFillSync } from 'node:crypto';
import { decode } from '@msgpack/msgpack';
import { encodeFrame, FRAME_HEADER_BYTES, FrameReader, MAX_FRAME_BYTES } from 'exec-sidecar/protocol';
import { OURS } from '../contestant.js';
import type { Contestant, Line } from '../line.js';

const CHUNK_BYTES = 65_536;
/** What the frame around the data needs. */
const ENVELOPE_BYTES = 64;

/** Amounts are in frames. */
export const largeFrame: Line = {
  name: 'large-frame',
  what: 'a frame of 16 MiB in chunks of 64 KiB',
  figures: { bytesMs: 'ms', textMs: 'ms' },
  contestants: [
    readerOf(OURS, (chunks) => {
      const reader = new FrameReader();
      let frames = 0;
      for (const chunk of chunks) for (const _ of reader.push(chunk)) frames += 1;
      if (frames !== 1) throw new Error(`${frames} frames were read instead of one`);
    }),
    readerOf('concatenation', (chunks) => {
      decode(Buffer.concat(chunks).subarray(FRAME_HEADER_BYTES));
    }),
  ],
  goals: [
    { figure: 'bytesMs', against: 'concatenation', atMost: 2 },
    { figure: 'textMs', against: 'concatenation', atMost: 2 },
  ],
  amount: { full: 4, quick: 1 },
  rounds: { full: 15, quick: 2 },
  warmUpRounds: { full: 3, quick: 1 },
};

/** The chunks are made when it is this line's turn: memory that a host holds slows down every process that it spawns. */
function readerOf(name: string, read: (chunks: readonly Uint8Array[]) => void): Contestant {
  return {
    name,
    async open() {
      const bytes = chunksOf(randomFillSync(new Uint8Array(MAX_FRAME_BYTES - ENVELOPE_BYTES)));
      const text = chunksOf('a'.repeat(MAX_FRAME_BYTES - ENVELOPE_BYTES));
      return {
        round: async ({ amount }) => ({
          bytesMs: meanMs(amount, () => read(bytes)),
          textMs: meanMs(amount, () => read(text)),
        }),
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
}

function chunksOf(data: Uint8Array | string): Uint8Array[] {
  const frame = encodeFrame({ type: 'stdin', id: 1, body: { data } });
  const chunks = Math.ceil(frame.byteLength / CHUNK_BYTES);
  return Array.from({ length: chunks }, (_, index) => frame.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
}

function meanMs(times: number, act: () => void): number {
  const begun = performance.now();
  for (let time = 0; time < times; time += 1) act();
  return (performance.now() - begun) / times;
}
