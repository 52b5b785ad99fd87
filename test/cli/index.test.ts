import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/sidecar/index.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { cli } from './support/io.js';

useStrongestSandbox();

const folder = useTemporaryFolder();

describe('the command line', () => {
  it.each([['--help'], ['-h'], ['help'], ['serve', '--help'], ['run', '-h']])(
    'explains itself: %j',
    async (...argv) => {
      const { exitCode, out, err } = await cli(argv);
      expect(exitCode).toBe(0);
      expect(out).toContain('Usage:');
      expect(out).toContain('--max-concurrent-tasks');
      expect(err).toBe('');
    },
  );

  it('explains itself on stderr where nothing was asked, and exits with 64', async () => {
    const { exitCode, out, err } = await cli([]);
    expect([exitCode, out]).toEqual([64, '']);
    expect(err).toContain('Usage:');
  });

  it.each(['--version', '-V'])('tells its version: %s', async (flag) => {
    expect(await cli([flag])).toEqual({ exitCode: 0, out: `exec-sidecar ${VERSION}\n`, err: '' });
  });

  it.each([
    [['nonsense'], 'there is no subcommand "nonsense"'],
    [['constructor'], 'there is no subcommand "constructor"'],
    [['serve', '--nonsense'], '--nonsense'],
    [['serve', 'extra'], 'serve takes no arguments, got "extra"'],
    [['doctor', 'extra'], 'doctor takes no arguments, got "extra"'],
    [['demo', 'extra'], 'demo takes no arguments, got "extra"'],
    [['sweep'], 'sweep takes one folder'],
    [['run'], 'run needs a command'],
    [['run', '--timeout-ms', 'soon', '--', 'ls'], '--timeout-ms takes a whole number'],
    [['run', '--env', 'A', '--', 'ls'], '--env takes NAME=VALUE, got "A"'],
    [['run', '--env', '=A', '--', 'ls'], '--env takes NAME=VALUE, got "=A"'],
    [['run', '--file', 'a=/nonexistent', '--', 'ls'], '--file a: cannot read /nonexistent'],
    [['run', '--require', 'root', '--', 'ls'], '--require takes any or kernel, got "root"'],
    [['run', '--batch', '/nonexistent'], '--batch: cannot read /nonexistent'],
    [['run', '--batch', '-', '--', 'ls'], '--batch takes its commands from the file, got "ls" besides'],
  ])('exits with 64 and says what is wrong with it: %j', async (argv, message) => {
    const { exitCode, out, err } = await cli(argv);
    expect([exitCode, out]).toEqual([64, '']);
    expect(err).toContain(message);
    expect(err).toContain('see exec-sidecar --help');
    expect(err.trimEnd()).not.toContain('\n');
  });

  it.each([
    [['run', '--queue-size', '0', '--', 'ls'], {}, '--queue-size: '],
    [['serve'], { EXEC_SIDECAR_QUEUE_SIZE: 'many' }, 'EXEC_SIDECAR_QUEUE_SIZE: '],
    [['doctor', '--config', '/nonexistent.json'], {}, 'cannot read the settings file /nonexistent.json'],
    [['run', '--workspace-root', '/nonexistent', '--', 'ls'], {}, 'workspaceRoot: /nonexistent'],
  ])('exits with 78 where a setting cannot be used, and names it: %j %j', async (argv, environment, message) => {
    const { exitCode, err } = await cli(argv, { environment });
    expect(exitCode).toBe(78);
    expect(err).toContain(message);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

describe('serve', () => {
  it('explains on a terminal that it is meant for programs, and exits with 64', async () => {
    const { exitCode, out, err } = await cli(['serve'], { isTTY: true });
    expect([exitCode, out]).toEqual([64, '']);
    expect(err).toContain('not started in a terminal');
  });
});

describe('doctor', () => {
  it('tells people what is available and who enforces each limit', async () => {
    const { exitCode, out } = await cli(['doctor', '--workspace-root', folder()]);
    expect(exitCode).toBe(0);
    for (const text of [VERSION, 'process', 'timeoutMs', 'timer', 'memoryBytes', 'cpuPercent'])
      expect(out).toContain(text);
  });

  it('tells programs the same as JSON', async () => {
    const { exitCode, out } = await cli(['doctor', '--json', '--enable-monitoring=false'], {
      environment: { EXEC_SIDECAR_WORKSPACE_ROOT: folder() },
    });
    expect(exitCode).toBe(0);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ version: VERSION, enforcement: { timeoutMs: 'timer', outputBytes: 'counter' } });
    expect(report.available.map(({ backend }: { backend: string }) => backend)).toContain(report.backend);
    expect(Object.values(report.enforcement)).not.toContain('sampled');
  });
});

describe('sweep', () => {
  it('touches no folder but that of a sidecar', async () => {
    const file = join(folder(), 'kept');
    writeFileSync(file, '');
    const { exitCode, err } = await cli(['sweep', folder()]);
    expect(exitCode).toBe(78);
    expect(err).toContain(folder());
    expect(existsSync(file)).toBe(true);
  });
});
