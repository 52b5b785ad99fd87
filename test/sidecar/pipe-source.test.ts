import { closeSync, openSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeAtOnce } from '../../src/sandbox/write-at-once.js';
import { isPipe, pipeSource } from '../../src/sidecar/pipe-source.js';
import { numbered, openFifo } from '../support/fifo.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();

describe.skipIf(without('mkfifo'))('a pipe as a source', () => {
  it('gives every byte in order, in chunks that stay as they are, and then the end', async () => {
    const { reader, writer } = openFifo(folder());
    const sent = Array.from({ length: 50 }, (_, index) => numbered(index * 100 + 1, index));
    const taken: Uint8Array[] = [];
    writeSync(writer, sent[0]!);
    for await (const chunk of pipeSource(reader)) {
      taken.push(chunk);
      if (taken.length < sent.length) writeSync(writer, sent[taken.length]!);
      else closeSync(writer);
    }
    expect(Buffer.concat(taken)).toEqual(Buffer.concat(sent));
  });

  it('gives what came while nobody waited, and ends once only', async () => {
    const { reader, writer } = openFifo(folder());
    const chunks = pipeSource(reader)[Symbol.asyncIterator]();
    writeSync(writer, numbered(10));
    closeSync(writer);
    await turns();
    expect(await chunks.next()).toEqual({ value: numbered(10), done: false });
    for (let time = 0; time < 2; time += 1) expect(await chunks.next()).toMatchObject({ done: true });
  });

  it('is read no further than its reader asks', async () => {
    const { reader, writer } = openFifo(folder());
    const chunks = pipeSource(reader)[Symbol.asyncIterator]();
    const piece = [numbered(4_096)];
    let written = 0;
    for (let turn = 0; turn < 20; turn += 1) {
      while (writeAtOnce(writer, piece).length === 0) written += 4_096;
      await turns();
    }
    expect(written).toBeLessThanOrEqual(4 * 65_536);
    closeSync(writer);
    let taken = 0;
    for (let step = await chunks.next(); !step.done; step = await chunks.next()) taken += step.value.byteLength;
    expect(taken).toBe(written);
  });

  it('is told from a file', () => {
    const { reader, writer } = openFifo(folder());
    const file = openSync('/dev/null', 'r');
    expect([reader, file].map(isPipe)).toEqual([true, false]);
    for (const descriptor of [reader, writer, file]) closeSync(descriptor);
  });
});

/** Enough of them for the event loop to have looked at its descriptors. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
