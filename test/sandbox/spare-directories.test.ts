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
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { SpareDirectories } from '../../src/sandbox/spare-directories.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

/** Longer than a tick of the clock that the kernel takes the times of files from, even for a timer that fires early. */
const TICK_MS = 30;

const folder = useTemporaryFolder();
let place: string;
let spares: SpareDirectories;

beforeEach(async () => {
  place = join(folder(), 'spare');
  spares = new SpareDirectories(place);
  await sleep(TICK_MS);
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

/** A spare directory that a task has used before, and has now; null where the file system does not tell enough for one. */
async function taken(): Promise<string | null> {
  await use(make('fresh'));
  await sleep(TICK_MS);
  return spares.take();
}

/** Whether the file system tells when a file was made: else nothing is used again. */
function tellsBirth(): boolean {
  const path = make('born');
  const { birthtimeNs, ctimeNs } = statSync(path, { bigint: true });
  rmSync(path, { recursive: true });
  return birthtimeNs === ctimeNs;
}

const CHANGES: [what: string, act: (path: string) => unknown][] = [
  ['has a file in it', (path) => writeFileSync(join(path, 'file'), '')],
  ['had a file in it', (path) => [mkdirSync(join(path, 'a')), rmSync(join(path, 'a'), { recursive: true })]],
  ['has another mode', (path) => chmodSync(path, 0o777)],
  ['had another mode', (path) => [chmodSync(path, 0o777), chmodSync(path, 0o700)]],
  ['has other times', (path) => utimesSync(path, 1, 1)],
  ['is a link now', (path) => [rmSync(path, { recursive: true }), symlinkSync(folder(), path)]],
];

describe('a directory that a task gives back', () => {
  it('is gone from where it was, and is the next that is taken where nothing was done to it', async () => {
    if (!tellsBirth()) return expect(await taken()).toBeNull();
    const first = make('first');
    const { ino } = statSync(first);
    await use(first);
    expect(existsSync(first)).toBe(false);
    const second = spares.take();
    expect(statSync(second!).ino).toBe(ino);
    expect(dirname(second!)).toBe(place);
    await use(second!);
    expect(spares.take()).toBe(second);
    expect(spares.take()).toBeNull();
  });

  it.each(CHANGES)('is removed where it %s', async (_what, act) => {
    const path = make('used');
    await use(path, act);
    expect(existsSync(path)).toBe(false);
    expect(spares.take()).toBeNull();
  });

  it.each(CHANGES)('is removed where it was used before and %s', async (_what, act) => {
    const path = await taken();
    if (path === null) return;
    expect(spares.isUntouched(path)).toBe(true);
    act(path);
    expect(spares.isUntouched(path)).toBe(false);
    await spares.giveBack(path);
    expect(readdirSync(place)).toEqual([]);
    expect(spares.take()).toBeNull();
  });

  it('is removed with what was made in it before the clock went on', async () => {
    const path = make('used');
    writeFileSync(join(path, 'file'), '');
    await spares.giveBack(path);
    expect(existsSync(path)).toBe(false);
    expect(spares.take()).toBeNull();

    // The same holds for one that is taken as soon as it is there.
    await spares.giveBack(make('fresh'));
    const spare = spares.take();
    if (spare === null) return;
    expect(spares.isUntouched(spare)).toBe(false);
    writeFileSync(join(spare, 'file'), '');
    await spares.giveBack(spare);
    expect(existsSync(spare)).toBe(false);
  });

  it('is not kept where the file system has not shown that it tells of entries', async () => {
    const parent = make('parent');
    const path = join(parent, 'used');
    mkdirSync(path, { mode: 0o700 });
    const { birthtimeNs, ctimeNs } = statSync(parent, { bigint: true });
    if (birthtimeNs !== ctimeNs) return;
    await spares.giveBack(path);
    expect(existsSync(path)).toBe(false);
  });

  it('is not taken where somebody has removed it', async () => {
    const path = await taken();
    if (path === null) return;
    await use(path);
    rmSync(path, { recursive: true });
    expect(spares.take()).toBeNull();
  });

  it('is no error where it is gone', async () => {
    await spares.giveBack(join(folder(), 'gone'));
    expect(existsSync(place)).toBe(false);
  });
});
