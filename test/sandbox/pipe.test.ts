import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openOutputPipe } from '../../src/sandbox/pipe.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { waitFor } from '../support/wait-for.js';

const folder = useTemporaryFolder();
let opened = 0;

function openPipe(): ReturnType<typeof openOutputPipe> {
  opened += 1;
  const fifo = join(folder(), String(opened));
  execFileSync('mkfifo', [fifo]);
  return openOutputPipe(fifo);
}

describe.skipIf(without('mkfifo'))('a pipe that a command writes to', () => {
  it('gives every byte in order, however it is taken', async () => {
    const { childEnd, stream, release } = openPipe();
    const received: number[] = [];
    const take = (chunk: Uint8Array) => received.push(...chunk);
    const write = (values: number[]) => writeSync(childEnd.fd, Uint8Array.from(values));
    write([0, 1]);
    await waitFor(() => stream.readableLength === 2, 'what is read before anybody takes it');
    stream.on('data', take);
    await waitFor(() => received.length === 2, 'what was read before');
    write([2, 3]);
    await waitFor(() => received.length === 4, 'what comes while it is taken');
    stream.pause();
    write([4, 5]);
    stream.off('data', take);
    closeSync(childEnd.fd);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) take(chunk);
    expect(received).toEqual([0, 1, 2, 3, 4, 5]);
    release();
  });

  it('lends its listeners one buffer, which a pipe that is opened later has as well', async () => {
    const buffers = new Set<ArrayBufferLike>();
    for (let time = 0; time < 5; time += 1) {
      const { childEnd, stream, release } = openPipe();
      let bytes = 0;
      stream.on('data', ({ buffer, byteLength }: Uint8Array) => {
        buffers.add(buffer);
        bytes += byteLength;
      });
      for (let written = 1; written <= 3; written += 1) {
        writeSync(childEnd.fd, new Uint8Array(10));
        await waitFor(() => bytes === 10 * written, 'what was written');
      }
      closeSync(childEnd.fd);
      await once(stream, 'close');
      release();
    }
    expect(buffers.size).toBe(1);
  });

  it('leaves its buffer to a listener that has paused it, also when it is gone', async () => {
    const { childEnd, stream, release } = openPipe();
    let held: Uint8Array | undefined;
    stream.on('data', (chunk: Uint8Array) => {
      held = chunk;
      stream.pause();
    });
    writeSync(childEnd.fd, Uint8Array.of(1));
    await waitFor(() => held !== undefined, 'what was written');
    closeSync(childEnd.fd);
    release();
    await once(stream, 'close');
    const other = openPipe();
    const taken = once(other.stream, 'data');
    writeSync(other.childEnd.fd, Uint8Array.of(2));
    await taken;
    expect([...held!]).toEqual([1]);
    closeSync(other.childEnd.fd);
    other.release();
  });

  it('is not read while a listener that has paused it looks at what has come', async () => {
    const { childEnd, stream, release } = openPipe();
    const chunks: Uint8Array[] = [];
    stream.on('data', (chunk: Uint8Array) => {
      chunks.push(chunk);
      stream.pause();
    });
    writeSync(childEnd.fd, Uint8Array.of(1));
    await waitFor(() => chunks.length === 1, 'the first byte');
    writeSync(childEnd.fd, Uint8Array.of(2));
    await sleep(50);
    expect(chunks.map((chunk) => [...chunk])).toEqual([[1]]);
    stream.resume();
    await waitFor(() => chunks.length === 2, 'the second byte');
    expect([...chunks[1]!]).toEqual([2]);
    closeSync(childEnd.fd);
    release();
  });

  it('leaves two pipes that are read at once their own bytes', async () => {
    const pipes = [openPipe(), openPipe()];
    pipes.forEach(({ childEnd }, index) => {
      writeSync(childEnd.fd, new Uint8Array(5_000).fill(index + 1));
      closeSync(childEnd.fd);
    });
    const contents = await Promise.all(pipes.map(({ stream }) => stream.toArray()));
    contents.forEach((chunks, index) => {
      expect(Buffer.concat(chunks)).toEqual(Buffer.alloc(5_000, index + 1));
    });
    for (const { release } of pipes) release();
  });

  it.skipIf(process.platform !== 'linux')('is read no further than its reader asks', async () => {
    const { childEnd, stream, release } = openPipe();
    const child = spawn('head', ['-c', '10000000', '/dev/zero'], { stdio: ['ignore', childEnd.fd, 'inherit'] });
    closeSync(childEnd.fd);
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    await sleep(200);
    expect(bytesWrittenBy(child.pid!)).toBeLessThan(1_000_000);
    let rest = 0;
    for (let step = await reader.next(); !step.done; step = await reader.next()) rest += step.value.byteLength;
    expect(rest).toBeGreaterThan(9_000_000);
    release();
  });
});

function bytesWrittenBy(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]);
}
