import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectFiles } from '../../src/sandbox/collect.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';
import { finish, script, TestSandbox } from './support/sandbox.js';

const ROOM = 1_000_000;

let place: TemporaryDirectory;
let workspace: string;
beforeEach(async () => {
  place = await temporaryDirectory();
  workspace = join(place.path, 'workspace');
  await mkdir(workspace);
  await writeFile(join(place.path, 'secret'), 'secret');
});
afterEach(() => place[Symbol.asyncDispose]());

const at = (name: string) => join(workspace, name);

/** What is collected, as text by path, and what is omitted, as reason by path. */
async function collect(patterns: readonly string[], maxBytes = ROOM) {
  const { files, omitted } = await collectFiles({ path: workspace, seenAs: workspace }, patterns, maxBytes);
  return {
    files: Object.fromEntries(files.map(({ path, data }) => [path, Buffer.from(data).toString()])),
    omitted: Object.fromEntries(omitted.map(({ path, reason }) => [path, reason])),
  };
}

async function tree(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(at(name), '..'), { recursive: true });
    await writeFile(at(name), name);
  }
}

describe('collecting files', () => {
  it('returns a file by its path, and its bytes as they are', async () => {
    await mkdir(at('out'));
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
    await writeFile(at('out/data.bin'), bytes);
    const { files, omitted } = await collectFiles({ path: workspace, seenAs: workspace }, ['./out//data.bin'], ROOM);
    expect(files.map(({ path }) => path)).toEqual(['out/data.bin']);
    expect(Buffer.compare(files[0]!.data, bytes)).toBe(0);
    expect(omitted).toEqual([]);
  });

  it('returns what a glob matches, dot files included, in order and once', async () => {
    await tree('b.txt', 'a.txt', '.c.txt', 'd/e.txt', 'd/.f/g.txt', 'other');
    expect(await collect(['**/*.txt', '*.txt', 'a.txt'])).toEqual({
      files: {
        '.c.txt': '.c.txt',
        'a.txt': 'a.txt',
        'b.txt': 'b.txt',
        'd/.f/g.txt': 'd/.f/g.txt',
        'd/e.txt': 'd/e.txt',
      },
      omitted: {},
    });
    const { files } = await collectFiles({ path: workspace, seenAs: workspace }, ['*.txt'], ROOM);
    expect(files.map(({ path }) => path)).toEqual(['.c.txt', 'a.txt', 'b.txt']);
  });

  it('takes a name that looks like a glob as it is where there is such a file', async () => {
    await tree('a[1].txt', 'a1.txt', '!x');
    expect(await collect(['a[1].txt', '!x'])).toEqual({ files: { 'a[1].txt': 'a[1].txt', '!x': '!x' }, omitted: {} });
  });

  it('tells what is not found', async () => {
    expect(await collect(['nothing', '*.none', 'no/such/path'])).toEqual({
      files: {},
      omitted: { nothing: 'not found', '*.none': 'not found', 'no/such/path': 'not found' },
    });
  });

  it('tells that a directory is one', async () => {
    await tree('dir/file');
    expect((await collect(['dir'])).omitted.dir).toContain('is a directory');
    expect((await collect(['dir/**'])).files).toEqual({ 'dir/file': 'dir/file' });
  });

  it('returns an empty file', async () => {
    await writeFile(at('empty'), '');
    expect((await collect(['empty'])).files).toEqual({ empty: '' });
  });
});

describe('collecting files that would lead out of the workspace', () => {
  it('refuses absolute patterns and those with a segment ..', async () => {
    const secret = join(place.path, 'secret');
    const { files, omitted } = await collect([secret, '../secret', 'a/../../secret', '../*']);
    expect(files).toEqual({});
    expect(omitted[secret]).toContain('absolute');
    expect(omitted['../secret']).toContain("'..'");
    expect(omitted['a/../../secret']).toContain("'..'");
    expect(omitted['../*']).toContain("'..'");
  });

  it('finds nothing by a .. that is hidden in a glob', async () => {
    const { files } = await collect(['{a,../secret}', '@(..)/secret', '[.][.]/secret']);
    expect(files).toEqual({});
  });

  it('refuses a link to a file outside, by path and by glob', async () => {
    await symlink(join(place.path, 'secret'), at('link'));
    await symlink('../secret', at('relative'));
    for (const patterns of [['link', 'relative'], ['*']]) {
      expect(await collect(patterns)).toEqual({
        files: {},
        omitted: { link: 'leads out of the workspace', relative: 'leads out of the workspace' },
      });
    }
  });

  it('refuses a path through a link to a directory outside, and does not look into it', async () => {
    await symlink(place.path, at('up'));
    expect(await collect(['up/secret'])).toEqual({ files: {}, omitted: { 'up/secret': 'leads out of the workspace' } });
    expect(await collect(['up/*'])).toEqual({ files: {}, omitted: { 'up/*': 'not found' } });
    expect((await collect(['**/secret'])).files).toEqual({});
  });

  it('follows a link that stays inside', async () => {
    await tree('real/file');
    await symlink('real/file', at('link'));
    expect((await collect(['link'])).files).toEqual({ link: 'real/file' });
  });

  it('refuses links that lead in a circle', async () => {
    await symlink('b', at('a'));
    await symlink('a', at('b'));
    expect((await collect(['a'])).omitted.a).toContain('ELOOP');
  });

  it('refuses a hard link to a file outside, and takes one between files inside', async () => {
    await link(join(place.path, 'secret'), at('hard'));
    await tree('one');
    await link(at('one'), at('two'));
    expect(await collect(['*'])).toEqual({
      files: { one: 'one', two: 'one' },
      omitted: { hard: 'is a hard link to a file outside the workspace' },
    });
  });
});

describe('collecting what is no regular file', () => {
  it('refuses a FIFO without waiting for a writer', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    expect(await collect(['fifo'])).toEqual({ files: {}, omitted: { fifo: 'is a FIFO' } });
    expect(await collect(['*'])).toEqual({ files: {}, omitted: { fifo: 'is a FIFO' } });
  });

  it('refuses a socket', async () => {
    const server = createServer().listen(at('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect((await collect(['socket'])).omitted.socket).toBe('is a socket');
    await new Promise((resolve) => server.close(resolve));
  });

  it('refuses a device behind a link', async () => {
    await symlink('/dev/zero', at('zero'));
    expect((await collect(['zero'])).omitted.zero).toBe('leads out of the workspace');
  });

  it.skipIf(process.getuid?.() === 0)('tells what it may not read', async () => {
    await tree('closed');
    await chmod(at('closed'), 0);
    expect((await collect(['closed'])).omitted.closed).toContain('EACCES');
  });
});

describe('the room of a result', () => {
  it('is never exceeded, and what does not fit is told', async () => {
    await writeFile(at('a'), 'x'.repeat(600));
    await writeFile(at('b'), 'x'.repeat(600));
    await writeFile(at('c'), 'x'.repeat(100));
    const { files, omitted } = await collectFiles({ path: workspace, seenAs: workspace }, ['a', 'b', 'c'], 1_000);
    expect(files.map(({ path }) => path)).toEqual(['a', 'c']);
    expect(omitted).toEqual([
      { path: 'b', reason: expect.stringMatching(/^of 600 bytes does not fit into the \d+ bytes/) },
    ]);
  });

  it('counts names, so that many empty files cannot flood it', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, index) => writeFile(at(`empty-${index}`), '')));
    const { files, omitted } = await collectFiles({ path: workspace, seenAs: workspace }, ['*'], 5_000);
    const bytes = [...files, ...omitted].reduce((sum, { path }) => sum + path.length, 0);
    expect(files.length).toBeGreaterThan(50);
    expect(files.length).toBeLessThan(200);
    expect(bytes).toBeLessThan(8_000);
    expect(omitted.at(-1)?.reason).toMatch(/^and \d+ more$/);
    expect(files.length + omitted.length - 1 + Number(/\d+/.exec(omitted.at(-1)?.reason ?? '')?.[0])).toBe(500);
  });

  it('may be nothing at all', async () => {
    await tree('a');
    expect((await collect(['a'], 0)).files).toEqual({});
  });
});

describe('a container', () => {
  it('returns what its command has left', async () => {
    await using sandbox = await TestSandbox.open();
    const container = await sandbox.container();
    await finish(
      await container.execute(script('mkdir out; echo result > out/r.txt; ln -s /etc/passwd out/p; mkfifo out/f')),
    );
    const { files, omitted } = await container.collect(['out/*'], ROOM);
    expect(files.map(({ path, data }) => [path, Buffer.from(data).toString()])).toEqual([['out/r.txt', 'result\n']]);
    expect(omitted.map(({ path }) => path)).toEqual(['out/f', 'out/p']);
  });
});
