import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { walkFiles } from '../../src/sandbox/walk-files.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';

let place: TemporaryDirectory;
let elsewhere: TemporaryDirectory;
beforeEach(async () => {
  place = await temporaryDirectory();
  elsewhere = await temporaryDirectory();
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

/** The sizes of the files of a walk, during which something happens after the first. */
async function walk(meanwhile: () => Promise<unknown>): Promise<number[]> {
  const sizes: number[] = [];
  for await (const { size } of walkFiles([place.path])) {
    if (sizes.push(size) === 1) await meanwhile();
  }
  return sizes;
}

const SECRET = 'x'.repeat(1_000);

describe.runIf(process.platform === 'linux')('a walk through directories that are replaced by links meanwhile', () => {
  it('does not look where a link leads that has the place of a directory to come', async () => {
    await writeFile(join(elsewhere.path, 'secret'), SECRET);
    await mkdir(join(place.path, 'a'));
    await writeFile(join(place.path, 'first'), '1');
    await writeFile(join(place.path, 'a/inside'), '22');
    const replace = async () => {
      await rename(join(place.path, 'a'), join(elsewhere.path, 'moved'));
      await symlink(elsewhere.path, join(place.path, 'a'));
    };
    expect(await walk(replace)).toEqual([1]);
  });

  it('does not look where a link leads that has the place of a directory above', async () => {
    await mkdir(join(elsewhere.path, 'b'));
    await writeFile(join(elsewhere.path, 'b/secret'), SECRET);
    await mkdir(join(place.path, 'a/b'), { recursive: true });
    await writeFile(join(place.path, 'a/first'), '1');
    await writeFile(join(place.path, 'a/b/inside'), '22');
    const replace = async () => {
      await rename(join(place.path, 'a'), join(elsewhere.path, 'moved'));
      await symlink(elsewhere.path, join(place.path, 'a'));
    };
    expect(await walk(replace)).toEqual([1]);
  });

  it('reads the directory that it is in to its end', async () => {
    await mkdir(join(place.path, 'a'));
    for (const name of ['one', 'two', 'three']) await writeFile(join(place.path, 'a', name), '1');
    const replace = async () => {
      await rename(join(place.path, 'a'), join(elsewhere.path, 'moved'));
      await symlink(elsewhere.path, join(place.path, 'a'));
    };
    expect(await walk(replace)).toEqual([1, 1, 1]);
  });
});
