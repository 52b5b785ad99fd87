import { execFileSync, spawn } from 'node:child_process';
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { outputChunks } from '../../src/sandbox/index.js';
import { openOutputPipe } from '../../src/sandbox/pipe.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();
let opened = 0;

function openPipe(): ReturnType<typeof openOutputPipe> {
  opened += 1;
  const fifo = join(folder(), String(opened));
  execFileSync('mkfifo', [fifo]);
  return openOutputPipe(fifo);
}

describe.skipIf(without('mkfifo'))('a pipe that a command writes to', () => {
  it('gives every byte in order, in buffers that were given back as in new ones', async () => {
    const { childEnd, stream, release } = openPipe();
    const buffers = new Set<ArrayBufferLike>();
    const received: number[] = [];
    writeSync(childEnd.fd, Uint8Array.of(0));
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      buffers.add(chunk.buffer);
      received.push(...chunk);
      outputChunks.giveBack(chunk);
      if (received.length < 100) writeSync(childEnd.fd, Uint8Array.of(received.length));
      else if (received.length === 100) closeSync(childEnd.fd);
    }
    expect(received).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(buffers.size).toBeLessThan(10);
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
