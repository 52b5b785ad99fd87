import { chmodSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { headOf } from '../../src/sandbox/file-heads.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();

/** Longer than a file is taken to be about to change. */
const SETTLED_MS = 1_100;

function head(file: string): Buffer | null {
  return headOf(file, statSync(file));
}

describe('the head of a file', () => {
  it('is at most 4 KiB, and null where there is no such file', () => {
    const file = join(folder(), 'long');
    writeFileSync(file, Buffer.alloc(10_000, 'x'));
    expect(head(file)).toEqual(Buffer.alloc(4_096, 'x'));
    expect(headOf(join(folder(), 'missing'), statSync(file))).toBeNull();
    expect(head(folder())).toBeNull();
  });

  it('is that of what has just been written, however often it changes', () => {
    const file = join(folder(), 'changing');
    for (let count = 0; count < 100; count += 1) {
      writeFileSync(file, `${count % 10}`);
      expect(String(head(file))).toBe(`${count % 10}`);
    }
  });

  it('is read again where the file has changed, or another has taken its place, since it was remembered', async () => {
    const file = join(folder(), 'settled');
    writeFileSync(file, 'one');
    await sleep(SETTLED_MS);
    const first = head(file);
    expect(head(file)).toBe(first);
    writeFileSync(file, 'two');
    utimesSync(file, 0, 0);
    expect(String(head(file))).toBe('two');
    writeFileSync(`${file}.next`, 'six');
    chmodSync(`${file}.next`, 0o755);
    await sleep(SETTLED_MS);
    expect(String(head(file))).toBe('two');
    renameSync(`${file}.next`, file);
    expect(String(head(file))).toBe('six');
  });
});
