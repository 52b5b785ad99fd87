import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFiles } from '../../src/sandbox/workspace-files.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';
import { LIMITS, TestSandbox } from './support/sandbox.js';

let place: TemporaryDirectory;
beforeEach(async () => {
  place = await temporaryDirectory();
});
afterEach(() => place[Symbol.asyncDispose]());

function write(...paths: string[]) {
  return writeFiles(
    place.path,
    paths.map((path) => ({ path, data: path })),
    LIMITS,
  );
}

describe('the files of a task', () => {
  it('are there with their bytes, in the directories that they need', async () => {
    const bytes = Uint8Array.from([0, 255, 10, 128]);
    const files = [
      { path: 'text', data: 'héllo' },
      { path: 'a/b/.hidden', data: bytes },
      { path: 'a/b/empty', data: '' },
    ];
    await writeFiles(place.path, files, LIMITS);
    expect(await readFile(join(place.path, 'text'), 'utf8')).toBe('héllo');
    expect([...(await readFile(join(place.path, 'a/b/.hidden')))]).toEqual([...bytes]);
    expect((await stat(join(place.path, 'a/b/empty'))).size).toBe(0);
  });

  it('have exactly the mode that was asked for, whatever the umask', async () => {
    const files = [
      { path: 'default', data: '' },
      { path: 'run', data: '', mode: 0o777 },
      { path: 'none', data: 'x', mode: 0 },
    ];
    const umask = process.umask(0o077);
    try {
      await writeFiles(place.path, files, LIMITS);
    } finally {
      process.umask(umask);
    }
    const modes = await Promise.all(files.map(async ({ path }) => (await stat(join(place.path, path))).mode & 0o7777));
    expect(modes).toEqual([0o644, 0o777, 0]);
  });

  it.each([
    ['/etc/passwd', 'is absolute'],
    ['../outside', "'..'"],
    ['a/../../outside', "'..'"],
    ['a//b', 'empty segment'],
    ['a/', 'empty segment'],
    ['./a', "'.'"],
    ['x'.repeat(300), 'too long'],
  ])('may not be at %j', async (path, reason) => {
    await expect(write('fine', path)).rejects.toMatchObject({
      kind: 'validation',
      code: 'invalid_file_path',
      message: expect.stringMatching(/^files\[1\]\.path: /),
      details: { field: 'files[1].path', value: path },
    });
    await expect(write('other', path)).rejects.toThrow(reason);
  });

  it('are not written at all where one path is bad in itself', async () => {
    await expect(write('fine', '../bad')).rejects.toThrow();
    expect(await readdir(place.path)).toEqual([]);
  });

  it('may not be there twice, nor one below another', async () => {
    await expect(write('a', 'b', 'a')).rejects.toThrow('files[2].path: "a" is that of files[0] as well');
    await expect(write('c', 'c/d')).rejects.toMatchObject({ kind: 'validation', details: { field: 'files[1].path' } });
    await expect(write('e/f', 'e')).rejects.toMatchObject({ kind: 'validation', details: { field: 'files[1].path' } });
  });

  it('may not be larger in all than the workspace', async () => {
    const files = [{ path: 'a', data: 'é'.repeat(60) }];
    await expect(writeFiles(place.path, files, { ...LIMITS, workspaceBytes: 119 })).rejects.toMatchObject({
      kind: 'validation',
      code: 'files_too_large',
      message: 'files: 120 bytes in all exceed limits.workspaceBytes of 119',
    });
    await writeFiles(place.path, files, { ...LIMITS, workspaceBytes: 120 });
  });

  it('leave no workspace behind where they are refused', async () => {
    await using sandbox = await TestSandbox.open();
    await expect(sandbox.container({}, [{ path: '../x', data: '' }])).rejects.toMatchObject({ kind: 'validation' });
    expect(sandbox.manager.activeContainers).toBe(0);
    const left = await readdir(sandbox.root, { recursive: true });
    expect(left.filter((name) => /workspaces\/.|tmp\/./.test(name))).toEqual([]);
  });
});
