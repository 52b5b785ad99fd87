import { describe, expect, it } from 'vitest';
import { DirectStarter } from '../../src/sandbox/direct-starter.js';
import { GroupedProcess } from '../../src/sandbox/grouped-process.js';
import { ProcessTree } from '../../src/sandbox/process-tree.js';
import { rlimitsOf } from '../../src/sandbox/rlimits.js';
import { divideEnvironment } from '../../src/sandbox/shell-environment.js';
import { spawnCommand } from '../../src/sandbox/spawn-command.js';
import { finish, LIMITS } from './support/sandbox.js';

/** A system that has nothing but a shell: no setpriv(1), no mkfifo(1). */
const BARE = { shell: '/bin/sh', setpriv: null };

async function runBare(command: string[], environment: Record<string, string> = {}, stdin: 'none' | 'pipe' = 'none') {
  const [file = '', ...args] = command;
  const spawned = await new DirectStarter(BARE, null).start({
    ...{
      file,
      argv: [file, ...args],
      environment,
      stdin,
      cwd: '/',
      directories: [],
      descriptors: [],
      cgroup: null,
      user: null,
    },
    rlimits: rlimitsOf({ ...LIMITS, openFiles: 55 }),
  });
  const { pid } = spawned.identity;
  const tree = new ProcessTree({ roots: [], groups: [pid], since: 0, isMarked: () => false });
  return new GroupedProcess(spawned, tree, null);
}

describe('where there is neither setpriv nor mkfifo', () => {
  it('a command runs all the same, under its limits', async () => {
    const { exit, stdout } = await finish(await runBare(['/bin/sh', '-c', 'ulimit -n; echo "$1"', 'sh', '$x "']));
    expect([exit.exitCode, stdout]).toEqual([0, '55\n$x "\n']);
  });

  it('it gets variables that a shell could not name', async () => {
    const { stdout } = await finish(await runBare(['/usr/bin/env'], { 'a.b': 'c', PATH: '/bin' }));
    expect(stdout).toMatch(/^a\.b=c$/m);
  });

  it('it gets variables that a shell would fail at, and that would change what the shell is', async () => {
    const environment = { OPTIND: 'no number', UID: '0', LD_PRELOAD: '/no/such/library.so', PATH: '/bin' };
    const { exit, stdout } = await finish(await runBare(['/usr/bin/env'], environment));
    expect(exit.exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['OPTIND=no number', 'UID=0']));
    expect(divideEnvironment(environment).plain).toEqual({ PATH: '/bin' });
  });

  it('it reads what is written to it', async () => {
    const process = await runBare(['/bin/cat'], {}, 'pipe');
    process.stdin?.end('text');
    expect((await finish(process)).stdout).toBe('text');
  });

  it('it is killed with its group', async () => {
    const process = await runBare(['/bin/sh', '-c', 'sleep 600 & sleep 600']);
    expect(await process.terminate()).toBe(0);
    expect((await process.exited).signal).toBe('SIGKILL');
    process.release();
  });
});

describe('a system that cannot spawn', () => {
  it('is told as an error of the sandbox', async () => {
    const request = { cwd: '/no/such/directory', environment: {}, stdin: 'none', fifos: null } as const;
    await expect(spawnCommand({ line: ['/bin/sh'], ...request })).rejects.toMatchObject({
      kind: 'sandbox',
      code: 'spawn_failed',
      details: { code: 'ENOENT' },
    });
  });
});
