import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeTree } from '../../src/sandbox/remove-tree.js';
import { temporaryDirectory } from './support/directories.js';

it('removes directories that forbid it', async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, 'tree');
  await mkdir(join(directory, 'closed/deeper'), { recursive: true });
  await writeFile(join(directory, 'closed/deeper/file'), '');
  await chmod(join(directory, 'closed/deeper'), 0);
  await chmod(join(directory, 'closed'), 0o500);
  await removeTree(directory);
  expect(existsSync(directory)).toBe(false);
});

it('removes what is nested deeper than a path can name', async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, 'tree');
  await mkdir(directory);
  const nest = 'for (let i = 0; i < 40; i++) { fs.mkdirSync("d".repeat(200)); process.chdir("d".repeat(200)); }';
  execFileSync(process.execPath, ['-e', nest], { cwd: directory });
  await removeTree(directory);
  expect(existsSync(directory)).toBe(false);
});

it('removes links, not what they lead to', async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, 'tree');
  await mkdir(join(place.path, 'kept'));
  await mkdir(directory);
  await symlink(join(place.path, 'kept'), join(directory, 'link'));
  await removeTree(directory);
  await symlink(join(place.path, 'kept'), directory);
  await removeTree(directory);
  expect([existsSync(directory), existsSync(join(place.path, 'kept'))]).toEqual([false, true]);
});

it('is content where there is nothing', async () => {
  await expect(removeTree('/no/such/directory')).resolves.toBeUndefined();
});
