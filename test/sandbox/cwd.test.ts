import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveCwd } from '../../src/sandbox/cwd.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';

let place: TemporaryDirectory;
let workspace: string;
let allowed: string;
beforeAll(async () => {
  place = await temporaryDirectory();
  workspace = join(place.path, 'workspace');
  allowed = join(place.path, 'allowed');
  await mkdir(join(workspace, 'a/b'), { recursive: true });
  await mkdir(join(allowed, 'deep'), { recursive: true });
  await mkdir(join(place.path, 'allowed-not'));
  await symlink(allowed, join(workspace, 'out'));
  await symlink('a/b', join(workspace, 'in'));
  await symlink(place.path, join(allowed, 'up'));
  await writeFile(join(workspace, 'file'), '');
});
afterAll(() => place[Symbol.asyncDispose]());

const outside = { kind: 'validation', code: 'cwd_outside' };

describe('the working directory that a task asks for', () => {
  it('is the workspace where it asks for none', async () => {
    expect(await resolveCwd(workspace, undefined, [])).toBe(workspace);
  });

  it('may be any directory of the workspace, through links as well', async () => {
    expect(await resolveCwd(workspace, 'a/b', [])).toBe(join(workspace, 'a/b'));
    expect(await resolveCwd(workspace, '.', [])).toBe(workspace);
    expect(await resolveCwd(workspace, 'in', [])).toBe(join(workspace, 'a/b'));
    expect(await resolveCwd(workspace, join(workspace, 'a'), [])).toBe(join(workspace, 'a'));
  });

  it('may not leave the workspace by .. or by a link', async () => {
    await expect(resolveCwd(workspace, '..', [])).rejects.toMatchObject(outside);
    await expect(resolveCwd(workspace, 'a/../..', [])).rejects.toMatchObject(outside);
    await expect(resolveCwd(workspace, 'out', [])).rejects.toMatchObject(outside);
  });

  it('may not leave it by a relative link even to where an absolute path may go', async () => {
    await expect(resolveCwd(workspace, 'out', [allowed])).rejects.toMatchObject(outside);
  });

  it('may be an absolute path below an allowed directory, and nowhere else', async () => {
    expect(await resolveCwd(workspace, join(allowed, 'deep'), [allowed])).toBe(join(allowed, 'deep'));
    expect(await resolveCwd(workspace, allowed, ['/no/such/directory', allowed])).toBe(allowed);
    await expect(resolveCwd(workspace, join(place.path, 'allowed-not'), [allowed])).rejects.toMatchObject(outside);
    await expect(resolveCwd(workspace, join(allowed, '..'), [allowed])).rejects.toMatchObject(outside);
    await expect(resolveCwd(workspace, join(allowed, 'up'), [allowed])).rejects.toMatchObject(outside);
    await expect(resolveCwd(workspace, '/', [])).rejects.toMatchObject({
      message: 'cwd: "/" leaves the workspace; nothing else is allowed (setting allowedCwd)',
      details: { field: 'cwd', value: '/' },
    });
  });

  it('has to exist and to be a directory', async () => {
    await expect(resolveCwd(workspace, 'nowhere', [])).rejects.toMatchObject({ code: 'cwd_not_found' });
    await expect(resolveCwd(workspace, 'file', [])).rejects.toMatchObject({ code: 'cwd_not_a_directory' });
    await expect(resolveCwd(workspace, 'file/below', [])).rejects.toMatchObject({ code: 'cwd_not_found' });
  });
});
