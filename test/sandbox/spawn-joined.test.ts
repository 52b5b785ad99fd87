import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { FifoPool } from '../../src/sandbox/fifo-pool.js';
import { JOIN_CGROUPS } from '../../src/sandbox/join-cgroups.js';
import { byMkfifo } from '../../src/sandbox/mkfifo.js';
import { spawnJoined } from '../../src/sandbox/spawn-joined.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();
const SHIM = `${JOIN_CGROUPS}\nexec 3>&-\nexec "$@"`;
let fifos: FifoPool;

beforeEach(() => {
  mkdirSync(join(folder(), 'fifos'));
  fifos = new FifoPool(byMkfifo('/usr/bin/mkfifo'), join(folder(), 'fifos'), 0);
});

function spawn(procsFiles: readonly string[], command: readonly string[], { pool = fifos as FifoPool | null } = {}) {
  const line = ['/bin/sh', '-c', SHIM, 'sh', ...procsFiles, '--', ...command] as const;
  return spawnJoined({ line, cwd: '/', environment: {}, stdin: 'none', fifos: pool }, procsFiles);
}

/** Stands for `cgroup.procs`: what joins writes `0`. */
function procsFile(name: string): string {
  const path = join(folder(), name);
  writeFileSync(path, '');
  return path;
}

describe.skipIf(without('mkfifo'))('a command that is spawned into cgroups', () => {
  it('has joined all of them when it is given out, before it is executed', async () => {
    const files = [procsFile('one'), procsFile('two')];
    const spawned = await spawn(files, ['/bin/sh', '-c', 'echo "$1"; read -r x', 'sh', 'ran']);
    expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(['0\n', '0\n']);
    expect(await text(spawned.stdout)).toBe('ran\n');
    expect(await spawned.exited).toMatchObject({ exitCode: 1, signal: null });
    spawned.release();
  });

  it('is never executed where it cannot join one, which the error names', async () => {
    const refusing = join(folder(), 'gone', 'cgroup.procs');
    const ran = join(folder(), 'ran');
    await expect(spawn([procsFile('one'), refusing], ['/usr/bin/touch', ran])).rejects.toMatchObject({
      ...{ kind: 'sandbox', code: 'cgroup_failed', details: { path: refusing } },
      message: expect.stringContaining(refusing),
    });
    expect(readdirSync(folder())).not.toContain('ran');
  });

  it('leaves no descriptor of this process open, whether it joins or not', async () => {
    const count = () => readdirSync('/proc/self/fd').length;
    const spawned = await spawn([procsFile('one')], ['/bin/true']);
    await Promise.all([text(spawned.stdout), text(spawned.stderr), spawned.exited]);
    spawned.release();
    const before = count();
    for (let round = 0; round < 5; round += 1) {
      const joined = await spawn([procsFile('one')], ['/bin/true']);
      await Promise.all([text(joined.stdout), text(joined.stderr), joined.exited]);
      joined.release();
      await expect(spawn([join(folder(), 'no', 'file')], ['/bin/true'])).rejects.toThrow('cannot join');
    }
    await expect.poll(count).toBeLessThanOrEqual(before);
  });

  it('is spawned as it is where there is nothing to join', async () => {
    const spawned = await spawn([], ['/bin/echo', 'fine']);
    expect(await text(spawned.stdout)).toBe('fine\n');
    spawned.release();
  });

  it('is told as an error of the sandbox where it cannot be spawned at all', async () => {
    const request = { line: ['/no/such/shell'], cwd: '/', environment: {}, stdin: 'none', fifos } as const;
    await expect(spawnJoined(request, [procsFile('one')])).rejects.toMatchObject({ code: 'spawn_failed' });
  });
});
