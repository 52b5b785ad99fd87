import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFifoDirectory, removeFifoDirectory, sweepFifoDirectories } from '../../src/sandbox/fifo-directory.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();

function instance(): string {
  const directory = join(folder(), randomUUID());
  mkdirSync(directory);
  return directory;
}

const hasMemory = existsSync('/dev/shm') && statfsSync('/dev/shm').type === 0x01_02_19_94;

describe('the directory for FIFOs', () => {
  it('is open to this user only, and goes without a trace', async () => {
    const directory = instance();
    const fifos = makeFifoDirectory(directory);
    expect(statSync(fifos).mode & 0o777).toBe(0o700);
    mkdirSync(join(fifos, 'anything'));
    await removeFifoDirectory(directory);
    expect(existsSync(fifos)).toBe(dirname(fifos) === directory);
    await removeFifoDirectory(directory);
  });

  it.skipIf(!hasMemory)('is in memory, and named after the instance', async () => {
    const directory = instance();
    const fifos = makeFifoDirectory(directory);
    expect(dirname(fifos)).toBe('/dev/shm');
    expect(basename(fifos).endsWith(basename(directory))).toBe(true);
    await removeFifoDirectory(directory);
  });

  it.skipIf(!hasMemory)(
    'is swept from memory when its owner is dead, though its instance is no longer there',
    async () => {
      const [living, dead, other, halfGone] = [instance(), instance(), instance(), instance()];
      const fifos = [living, dead, other, halfGone].map(makeFifoDirectory);
      const [, ofDead, ofOther, ofHalfGone] = fifos.map((directory) => join(directory, 'owner.json'));
      const owner = JSON.parse(readFileSync(ofDead!, 'utf8'));
      const { pid } = spawnSync('/bin/true');
      writeFileSync(ofDead!, JSON.stringify({ ...owner, pid }));
      writeFileSync(ofOther!, JSON.stringify({ ...owner, pid, host: 'elsewhere' }));
      rmSync(dead, { recursive: true });
      rmSync(ofHalfGone!);
      await sweepFifoDirectories();
      expect(fifos.map((directory) => existsSync(directory))).toEqual([true, false, true, true]);
      utimesSync(fifos[3]!, 1, 1);
      await sweepFifoDirectories();
      expect(fifos.map((directory) => existsSync(directory))).toEqual([true, false, true, false]);
      await removeFifoDirectory(living);
      await removeFifoDirectory(other);
    },
  );

  it.skipIf(!hasMemory)('is that of the instance where another has its name in memory', async () => {
    const directory = instance();
    const taken = makeFifoDirectory(directory);
    expect(makeFifoDirectory(directory)).toBe(join(directory, 'fifos'));
    expect(existsSync(taken)).toBe(true);
    await removeFifoDirectory(directory);
  });
});
