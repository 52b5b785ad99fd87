import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { SpareDirectories } from '../../src/sandbox/spare-directories.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

/** Longer than a tick of the clock that the kernel takes the times of files from. */
const TICK_MS = 20;

const folder = useTemporaryFolder();
let place: string;
let spares: SpareDirectories;

beforeEach(() => {
  place = join(folder(), 'spare');
  spares = new SpareDirectories(place);
});

function make(name: string): string {
  const path = join(folder(), name);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

/** Has a directory used by a task that does this with it. */
async function use(path: string, act: (path: string) => void = () => undefined): Promise<void> {
  await sleep(TICK_MS);
  act(path);
  await spares.giveBack(path);
}

/** Whether the file system tells when a file was made: else nothing is used again. */
function tellsBirth(): boolean {
  const path = make('born');
  const { birthtimeNs, ctimeNs } = statSync(path, { bigint: true });
  rmSync(path, { recursive: true });
  return birthtimeNs === ctimeNs;
}

describe('a directory that a task gives back', () => {
  it('is gone from where it was, and is the next that is taken where nothing was done to it', async () => {
    if (!tellsBirth()) return expect(spares.take(join(folder(), 'a'))).toBe(false);
    const first = make('first');
    const { ino } = statSync(first);
    await use(first);
    expect(existsSync(first)).toBe(false);
    const second = join(folder(), 'second');
    expect(spares.take(second)).toBe(true);
    expect(statSync(second).ino).toBe(ino);
    await use(second);
    expect(spares.take(join(folder(), 'third'))).toBe(true);
    expect(spares.take(join(folder(), 'fourth'))).toBe(false);
  });

  it.each([
    ['has a file in it', (path: string) => writeFileSync(join(path, 'file'), '')],
    ['had a file in it', (path: string) => [mkdirSync(join(path, 'a')), rmSync(join(path, 'a'), { recursive: true })]],
    ['has another mode', (path: string) => chmodSync(path, 0o777)],
    ['had another mode', (path: string) => [chmodSync(path, 0o777), chmodSync(path, 0o700)]],
    ['has other times', (path: string) => utimesSync(path, 1, 1)],
    ['is a link now', (path: string) => [rmSync(path, { recursive: true }), symlinkSync(folder(), path)]],
  ])('is removed where it %s', async (_what, act) => {
    const path = make('used');
    await use(path, act);
    expect(existsSync(path)).toBe(false);
    expect(spares.take(path)).toBe(false);

    // The same holds for one that was used before.
    await use(make('fresh'));
    if (!spares.take(path)) return;
    await use(path, act);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(place)).toEqual([]);
  });

  it('is removed with what was made in it before the clock went on', async () => {
    const path = make('used');
    writeFileSync(join(path, 'file'), '');
    await spares.giveBack(path);
    expect(existsSync(path)).toBe(false);
    expect(spares.take(path)).toBe(false);
  });

  it('is no error where it is gone', async () => {
    await spares.giveBack(join(folder(), 'gone'));
    expect(existsSync(place)).toBe(false);
  });
});
