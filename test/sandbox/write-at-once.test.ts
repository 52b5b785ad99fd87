import { closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeAtOnce } from '../../src/sandbox/write-at-once.js';
import { numbered, openFifo, readWhatIsThere } from '../support/fifo.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();

describe.skipIf(without('mkfifo'))('writing at once', () => {
  it.each([[[14]], [[4_096]], [[4_097]], [[14, 20_000, 14]]])(
    'leaves nothing of %j bytes that find room',
    (lengths) => {
      const { reader, writer } = openFifo(folder());
      const chunks = lengths.map((length, index) => numbered(length, index));
      expect(writeAtOnce(writer, chunks)).toEqual([]);
      expect(readWhatIsThere(reader)).toEqual(Buffer.concat(chunks));
      for (const end of [reader, writer]) closeSync(end);
    },
  );

  it.each([1, 3])('answers what finds no room, and nothing else, with %i chunks at a time', (count) => {
    const { reader, writer } = openFifo(folder());
    const chunks = Array.from({ length: count }, (_, index) => numbered(50_000, index));
    let rest: readonly Uint8Array[] = [];
    let whole = Buffer.alloc(0);
    while (rest.length === 0) {
      rest = writeAtOnce(writer, chunks);
      whole = Buffer.concat([whole, ...chunks]);
    }
    const written = readWhatIsThere(reader);
    expect(written.byteLength).toBeGreaterThan(0);
    expect(Buffer.concat([written, ...rest])).toEqual(whole);
    for (const end of [reader, writer]) closeSync(end);
  });

  it('answers everything where there is no room at all, or nobody reads', () => {
    const { reader, writer } = openFifo(folder());
    const chunks = [numbered(4_096)];
    while (writeAtOnce(writer, chunks).length === 0);
    expect(writeAtOnce(writer, chunks)).toBe(chunks);
    closeSync(reader);
    expect(writeAtOnce(writer, chunks)).toBe(chunks);
    closeSync(writer);
  });
});
