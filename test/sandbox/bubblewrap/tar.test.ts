import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskFile } from '../../../protocol/index.js';
import { tarOf } from '../../../src/sandbox/bubblewrap/tar.js';
import { without } from '../../support/requirements.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';

const folder = useTemporaryFolder();

/** Extracts as the launcher does. */
function extract(files: readonly TaskFile[]): (path: string) => string {
  const input = Buffer.concat(tarOf(files));
  expect(input.byteLength % 512).toBe(0);
  const { status, stderr } = spawnSync('tar', ['-xpf', '-', '-C', folder()], { input });
  expect([status, `${stderr}`]).toEqual([0, '']);
  return (path) => join(folder(), path);
}

describe.skipIf(without('tar'))('an archive of files', () => {
  it('gives tar every byte of them, in directories that are made for them', () => {
    const binary = Buffer.from(Array.from({ length: 1_537 }, (_, index) => index % 256));
    const at = extract([
      { path: 'empty', data: '' },
      { path: 'a/b/c.txt', data: 'höher\n' },
      { path: 'a/b/binary', data: binary },
      { path: 'block', data: 'x'.repeat(512) },
    ]);
    expect(readFileSync(at('empty'), 'utf8')).toBe('');
    expect(readFileSync(at('a/b/c.txt'), 'utf8')).toBe('höher\n');
    expect(readFileSync(at('a/b/binary')).equals(binary)).toBe(true);
    expect(readFileSync(at('block'), 'utf8')).toBe('x'.repeat(512));
  });

  it('gives them their modes, 644 where none is told', () => {
    const at = extract([
      { path: 'run.sh', data: '', mode: 0o755 },
      { path: 'key', data: '', mode: 0o600 },
      { path: 'plain', data: '' },
    ]);
    const modes = ['run.sh', 'key', 'plain'].map((path) => statSync(at(path)).mode & 0o7777);
    expect(modes).toEqual([0o755, 0o600, 0o644]);
  });

  it.each([99, 100, 101, 155, 511, 512, 513, 1_200])('keeps a path of %i bytes', (length) => {
    const path = `${'d'.repeat(99)}/`.repeat(12).slice(0, length).replace(/\/$/, 'x').padEnd(length, 'x');
    const at = extract([
      { path, data: 'deep' },
      { path: 'after', data: 'next' },
    ]);
    expect(path.length).toBe(length);
    expect(readFileSync(at(path), 'utf8')).toBe('deep');
    expect(readFileSync(at('after'), 'utf8')).toBe('next');
  });

  it.each(['-rf', '--checkpoint-action=exec=sh', 'a b', "it's", 'new\nline', 'ünï', 'back\\slash', '*'])(
    'takes a name as it is: %j',
    (path) => {
      expect(readFileSync(extract([{ path, data: 'x' }])(path), 'utf8')).toBe('x');
    },
  );

  it('makes files that are new, which archivers of the task can put away again', () => {
    const before = Math.floor(Date.now() / 1_000);
    const at = extract([{ path: 'new', data: '' }]);
    expect(statSync(at('new')).mtimeMs / 1_000).toBeGreaterThanOrEqual(before);
  });

  it('has as many bytes as its header says, whatever the sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 2_000 }), { maxLength: 5 }), (contents) => {
        const pieces = tarOf(contents.map((data, index) => ({ path: `f${index}`, data })));
        const sizes = contents.reduce((sum, { byteLength }) => sum + 512 + Math.ceil(byteLength / 512) * 512, 1_024);
        expect(Buffer.concat(pieces).byteLength).toBe(sizes);
      }),
    );
  });
});
