import { execFileSync } from 'node:child_process';
import { closeSync, createReadStream, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { countOpenFiles } from '../../src/sandbox/descriptor-room.js';
import { OrderPipe } from '../../src/sandbox/order-pipe.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { waitFor } from '../support/wait-for.js';

const folder = useTemporaryFolder();

let fifos = 0;
function newFifo(): string {
  const path = join(folder(), `fifo-${fifos++}`);
  execFileSync('mkfifo', [path]);
  return path;
}

/** The other end, as a process opens it that has been handed the descriptor. */
function openAnew({ fd, flags }: OrderPipe['readEnd']) {
  return createReadStream('', { fd: openSync(`/proc/self/fd/${fd}`, flags) });
}

describe.skipIf(process.platform !== 'linux' || without('mkfifo'))('a pipe for an order', () => {
  it.each([1, 4_096, 65_536, 65_537, 2_000_000])('brings all %i bytes of it, and then its end', async (byteLength) => {
    const order = Buffer.alloc(byteLength, 'order');
    const pipe = new OrderPipe(newFifo());
    const read = openAnew(pipe.readEnd);
    pipe.tell(order);
    const chunks: Buffer[] = [];
    for await (const chunk of read) {
      chunks.push(chunk as Buffer);
      if (Buffer.concat(chunks).byteLength === byteLength) pipe.release();
    }
    expect(Buffer.concat(chunks).equals(order)).toBe(true);
  });

  it('tells its end to who waits for an order that never comes', async () => {
    const pipe = new OrderPipe(newFifo());
    const read = buffer(openAnew(pipe.readEnd));
    pipe.release();
    expect(await read).toHaveLength(0);
  });

  it('tells nothing when it was released, least of all to whom its descriptor belongs by then', () => {
    const pipe = new OrderPipe(newFifo());
    pipe.release();
    const path = join(folder(), 'another');
    // It is given the number that has become free, unless something else of this process is just being opened.
    const fd = openSync(path, 'w');
    pipe.tell(Buffer.from('order'));
    closeSync(fd);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('waits for nobody, and leaves no descriptor behind, where nobody reads', async () => {
    const open = countOpenFiles();
    for (const byteLength of [10, 2_000_000]) {
      const pipe = new OrderPipe(newFifo());
      pipe.tell(Buffer.alloc(byteLength));
      pipe.release();
      pipe.release();
    }
    await waitFor(() => countOpenFiles() === open, 'all of them to be closed');
  });
});
