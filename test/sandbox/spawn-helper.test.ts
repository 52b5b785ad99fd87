import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { spawnHelper } from '../../src/sandbox/spawn-helper.js';

describe('a helper process', () => {
  it('is given its environment and nothing else of the sidecar, and leads a process group of its own', async () => {
    const { child, ended } = spawnHelper(
      '/bin/sh',
      ['-c', 'echo "$ONLY"; echo "$HOME"; ps -o pgid= -p $$ | tr -d " "'],
      {
        environment: { ONLY: 'this', PATH: '/usr/bin:/bin' },
        output: 'pipe',
      },
    );
    expect((await text(child!.stdout!)).split('\n')).toEqual(['this', '', `${child!.pid}`, '']);
    expect(await ended).toEqual({ exitCode: 0, signal: null });
  });

  it('hears of the end of its standard input, and its exit code is told', async () => {
    const { child, ended } = spawnHelper('/bin/sh', ['-c', 'cat; exit 3'], { environment: {}, output: 'ignore' });
    child!.stdin!.end('what it reads');
    expect(await ended).toEqual({ exitCode: 3, signal: null });
  });

  it('that is killed is told as killed, and what is written to it afterwards is lost', async () => {
    const { child, ended } = spawnHelper('/bin/cat', [], { environment: {}, output: 'ignore' });
    child!.kill('SIGKILL');
    child!.stdin!.write('x'.repeat(1_000_000));
    expect(await ended).toEqual({ exitCode: null, signal: 'SIGKILL' });
  });

  it.each([
    ['whose program is not there', '/no/such/program', [], 'ENOENT'],
    ['that no system could start', '/bin/cat', ['a\0b'], 'ERR_INVALID_ARG_VALUE'],
  ])('%s has ended with the reason', async (_, file, args, code) => {
    const { ended } = spawnHelper(file, args, { environment: {}, output: 'pipe' });
    expect(await ended).toEqual({ exitCode: null, signal: null, error: expect.objectContaining({ code }) });
  });
});
