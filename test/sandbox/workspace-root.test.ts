import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nameOfOpened, resolveInside, type WorkspaceRoot } from '../../src/sandbox/workspace-root.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();
let root: WorkspaceRoot;
const link = (target: string, path: string) => symlinkSync(target, join(root.path, path));

/** A workspace that the task knows by another path than the sidecar. */
beforeEach(() => {
  const path = join(realpathSync(folder()), 'host', 'path');
  mkdirSync(join(path, 'a', 'b'), { recursive: true });
  writeFileSync(join(path, 'a', 'b', 'file'), 'x');
  writeFileSync(join(path, '..', 'outside'), 'secret');
  root = { path, seenAs: '/sandbox/workspace' };
});

describe('a path below a workspace', () => {
  it.each([
    ['a/b/file', 'a/b/file'],
    ['./a//b/./file', 'a/b/file'],
    ['a/b/../b/file', 'a/b/file'],
    ['a/..', ''],
    ['', ''],
  ])('%j is %j', async (path, resolved) => {
    expect(await resolveInside(root, path)).toBe(resolved);
  });

  it.each(['..', '../outside', 'a/../../outside', 'a/b/../../..'])(
    'is outside where it climbs out: %s',
    async (path) => {
      expect(await resolveInside(root, path)).toBeNull();
    },
  );

  it('follows links as the task sees them, relative and absolute, one through another', async () => {
    link('b', 'a/c');
    link('/sandbox/workspace/a/c/file', 'absolute');
    link('absolute', 'through');
    link('/sandbox/workspace', 'itself');
    expect(await resolveInside(root, 'a/c/file')).toBe('a/b/file');
    expect(await resolveInside(root, 'absolute')).toBe('a/b/file');
    expect(await resolveInside(root, 'itself/through')).toBe('a/b/file');
  });

  it('leaves a link by .. from where it leads, not from where it stands', async () => {
    link('a/b', 'short');
    expect(await resolveInside(root, 'short/..')).toBe('a');
    link('a/b/../../../outside', 'long');
    expect(await resolveInside(root, 'long')).toBeNull();
  });

  it.each([
    '../outside',
    '/',
    '/etc/passwd',
    '/proc/self/root',
    '/sandbox',
    '/sandbox/workspace-2',
    '/sandbox/workspace/..',
  ])('is outside where a link leads to %s', async (target) => {
    link(target, 'out');
    expect(await resolveInside(root, 'out')).toBeNull();
    link('out', 'a/out');
    mkdirSync(join(root.path, 'out2'));
    link('../out', 'out2/out');
    expect(await resolveInside(root, 'out2/out')).toBeNull();
  });

  it("is outside where a link has the sidecar's own path of the workspace, which the task cannot see", async () => {
    link(join(root.path, 'a'), 'host');
    expect(await resolveInside(root, 'host')).toBeNull();
  });

  it('follows as many links as Linux does, and no loop', async () => {
    link('l1', 'l0');
    for (let index = 1; index < 40; index += 1) link(index === 39 ? 'a' : `l${index + 1}`, `l${index}`);
    expect(await resolveInside(root, 'l0')).toBe('a');
    link('l0', 'first');
    await expect(resolveInside(root, 'first')).rejects.toMatchObject({ code: 'ELOOP' });
    link('loop', 'loop');
    await expect(resolveInside(root, 'loop')).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it.each([
    ['no/such/file', 'ENOENT'],
    ['a/b/file/below', 'ENOTDIR'],
  ])('%s is told with %s', async (path, code) => {
    await expect(resolveInside(root, path)).rejects.toMatchObject({ code });
  });
});

describe.skipIf(process.platform !== 'linux')('the name of an open file', () => {
  it('is that of the kernel, for a workspace that is held open as well', async () => {
    expect(await nameOfOpened(root, 'a/b/file')).toBe(join(root.path, 'a/b/file'));
    const held = await open(root.path, 'r');
    const byDescriptor = { path: `/proc/self/fd/${held.fd}`, seenAs: root.seenAs };
    expect(await nameOfOpened(byDescriptor, 'a/b/file')).toBe(join(root.path, 'a/b/file'));
    expect(await resolveInside(byDescriptor, 'a/b/file')).toBe('a/b/file');
    await held.close();
  });
});
