import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { intoOneBuffer } from '../../../clients/node/one-buffer.js';
import { ReadBuffer } from '../../../protocol/index.js';
import { waitFor } from '../../support/wait-for.js';

const MEBIBYTE = 1_048_576;

/** Writes so many mebibytes, each filled with its number. */
const WRITER = `for (let n = 0; n < Number(process.argv[1]); n += 1) process.stdout.write(Buffer.alloc(${MEBIBYTE}, n))`;

function startWriter(mebibytes: number) {
  const child = spawn(process.execPath, ['-e', WRITER, String(mebibytes)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const stdout = child.stdout as Socket;
  const buffer = new ReadBuffer(100_000);
  return { child, stdout, buffer, reader: intoOneBuffer(stdout, buffer) };
}

it('a pipe is read to its end in order, all of it into the same buffer', async () => {
  const { child, stdout, buffer, reader } = startWriter(8);
  expect(reader).not.toBe(stdout);
  const buffers = new Set<ArrayBufferLike>();
  let at = 0;
  reader.on('data', (chunk: Buffer) => {
    buffers.add(chunk.buffer);
    const wrong = chunk.findIndex((byte, index) => byte !== Math.floor((at + index) / MEBIBYTE));
    expect(wrong).toBe(-1);
    at += chunk.byteLength;
    buffer.keep(chunk.subarray(chunk.byteLength));
  });
  // The child has closed once both its pipe and the stream that Node made of that are closed.
  await once(child, 'close');
  expect(at).toBe(8 * MEBIBYTE);
  expect(buffers.size).toBe(1);
});

it('a pipe that is paused is not read, and what is kept of it stays, and is read on behind', async () => {
  const { child, buffer, reader } = startWriter(4);
  let bytes = 0;
  let last: Buffer = Buffer.alloc(0);
  reader.on('data', (chunk: Buffer) => {
    last = chunk;
    bytes += chunk.byteLength;
    reader.pause();
  });
  await waitFor(() => bytes > 0, 'the first chunk');
  const [before, copy] = [bytes, Buffer.from(last)];
  await sleep(100);
  expect(bytes).toBe(before);
  expect(copy.equals(last)).toBe(true);
  const closed = once(child, 'close');
  let isKept: boolean | undefined;
  reader.removeAllListeners('data').on('data', (chunk: Buffer) => {
    isKept ??= copy.equals(last) && (!buffer.holds(last) || chunk.byteOffset === last.byteOffset + last.byteLength);
    bytes += chunk.byteLength;
    buffer.keep(chunk.subarray(chunk.byteLength));
  });
  reader.resume();
  await closed;
  expect(bytes).toBe(4 * MEBIBYTE);
  expect(isKept).toBe(true);
});

it('a pipe that is destroyed takes the stream with it that Node made of it', async () => {
  const { child, stdout, reader } = startWriter(4);
  reader.destroy();
  await once(child, 'close');
  expect(stdout.destroyed).toBe(true);
});

it('a stream is taken as it is where its runtime has no such way to read it', () => {
  const foreign = new PassThrough() as unknown as Socket;
  expect(intoOneBuffer(foreign, new ReadBuffer(1))).toBe(foreign);
  const unconnected = new Socket();
  expect(intoOneBuffer(unconnected, new ReadBuffer(1))).toBe(unconnected);
});
