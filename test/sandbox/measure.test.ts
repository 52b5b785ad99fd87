import { appendFile, link, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measureFiles } from '../../src/sandbox/measure.js';
import { writeFiles } from '../../src/sandbox/workspace-files.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';
import { LIMITS } from './support/sandbox.js';

let place: TemporaryDirectory;
beforeEach(async () => {
  place = await temporaryDirectory();
});
afterEach(() => place[Symbol.asyncDispose]());

const at = (name: string) => join(place.path, name);
const measure = () => measureFiles([place.path], new Map());

describe('measuring a workspace', () => {
  it('sums the files at every depth and tells the largest', async () => {
    await mkdir(at('a/b'), { recursive: true });
    await writeFile(at('one'), 'x'.repeat(10));
    await writeFile(at('a/.two'), 'x'.repeat(200));
    await writeFile(at('a/b/three'), 'x'.repeat(3));
    expect(await measure()).toEqual({ totalBytes: 213, largestFileBytes: 200 });
  });

  it('is of nothing where there is nothing, and where the directory is gone', async () => {
    expect(await measure()).toEqual({ totalBytes: 0, largestFileBytes: 0 });
    expect(await measureFiles([at('gone')], new Map())).toEqual({ totalBytes: 0, largestFileBytes: 0 });
  });

  it('follows no link, and counts a file with two names once', async () => {
    await writeFile(at('file'), 'x'.repeat(100));
    await link(at('file'), at('same'));
    await symlink('/', at('root'));
    await symlink(place.path, at('loop'));
    await symlink(at('file'), at('link'));
    expect(await measure()).toEqual({ totalBytes: 100, largestFileBytes: 100 });
  });

  it('counts a sparse file in full', async () => {
    await writeFile(at('sparse'), '');
    await truncate(at('sparse'), 50_000_000);
    expect(await measure()).toEqual({ totalBytes: 50_000_000, largestFileBytes: 50_000_000 });
  });

  it('does not hold a given file to be the largest until the task has changed its size', async () => {
    const given = await writeFiles(place.path, [{ path: 'given', data: 'x'.repeat(1_000) }], LIMITS);
    await writeFile(at('own'), 'x'.repeat(10));
    expect(await measureFiles([place.path], given)).toEqual({ totalBytes: 1_010, largestFileBytes: 10 });
    await appendFile(at('given'), 'x');
    expect(await measureFiles([place.path], given)).toEqual({ totalBytes: 1_011, largestFileBytes: 1_001 });
  });

  it('goes on while what it measures is removed', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, index) => writeFile(at(`f${index}`), 'x')));
    const removal = rm(place.path, { recursive: true });
    const { totalBytes } = await measure();
    await removal;
    expect(totalBytes).toBeLessThanOrEqual(300);
  });

  it('ends when it is aborted', async () => {
    await writeFile(at('file'), 'x');
    await expect(measureFiles([place.path], new Map(), AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
  });
});
