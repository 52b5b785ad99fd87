import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { without } from '../support/requirements.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { cli, startCli } from './support/cli.js';

useStrongestSandbox();

describe('exec-sidecar run', () => {
  const folder = useTemporaryFolder();

  it('passes stdin, stdout and stderr through, and exits as the command did', async () => {
    const script = 'tr a-z A-Z; echo told >&2; exit 7';
    expect(await cli(['run', '--', 'sh', '-c', script], { input: 'shout' })).toEqual({
      exitCode: 7,
      signal: null,
      stdout: 'SHOUT',
      stderr: 'told\n',
    });
  });

  it('passes on what is typed while the command runs', async () => {
    await using running = await startCli(['run', '--', 'cat']);
    running.stdin.write('first\n');
    await running.said('first\n');
    running.stdin.write('second\n');
    await running.said('second\n');
    running.stdin.end();
    expect(await running.ended).toMatchObject({ exitCode: 0, stdout: 'first\nsecond\n', stderr: '' });
  });

  it('passes on any bytes and any amount of them', async () => {
    const bytes = randomBytes(3_000_000);
    const [hashed, unread] = await Promise.all([
      cli(['run', '--', 'sha256sum'], { input: bytes }),
      cli(['run', '--', 'echo', 'I read nothing'], { input: bytes }),
    ]);
    expect(hashed.stdout).toContain(createHash('sha256').update(bytes).digest('hex'));
    expect(unread).toMatchObject({ exitCode: 0, stdout: 'I read nothing\n' });
  });

  it('leaves the options of the command alone', async () => {
    const printed = 'printf "%s|" "$@"';
    const outcomes = await Promise.all([
      cli(['run', '--', 'sh', '-c', printed, 'sh', '--timeout-ms', '5x', '--', '--help', '']),
      cli(['run', '--timeout-ms=20s', 'sh', '-c', printed, 'sh', '--verbose']),
    ]);
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(['--timeout-ms|5x|--|--help||', '--verbose|']);
  });

  it('exits with the code that stands for how the command ended', async () => {
    const endings: readonly (readonly [command: readonly string[], exitCode: number, stderr: string])[] = [
      [['true'], 0, ''],
      [['sh', '-c', 'exit 255'], 255, ''],
      [['sh', '-c', 'kill -TERM $$'], 143, ''],
      [['sh', '-c', 'kill -KILL $$'], 137, ''],
      [['no-such-command'], 127, 'no-such-command'],
      [['./no/such/file'], 127, 'no/such/file'],
      [['/etc/passwd'], 126, '/etc/passwd is not an executable file'],
      [['/tmp'], 126, '/tmp is a directory'],
      [['mkfs.ext4', '/dev/null'], 126, 'mkfs'],
    ];
    await Promise.all(
      endings.map(async ([command, exitCode, stderr]) => {
        const outcome = await cli(['run', '--', ...command]);
        expect(outcome).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(stderr) });
        if (stderr === '') expect(outcome.stderr).toBe('');
      }),
    );
  });

  it('exits with 124 on timeout, and with 137 and the evidence at another limit', async () => {
    const [timeout, flood] = await Promise.all([
      cli(['run', '--timeout-ms', '200', '--', 'sleep', '30']),
      cli(['run', '--output-bytes', '1K', '--', 'sh', '-c', 'cat /dev/zero']),
    ]);
    expect(timeout).toMatchObject({ exitCode: 124, stdout: '' });
    expect(timeout.stderr).toMatch(/^exec-sidecar: timeout: limits\.timeoutMs of 200 exceeded.*\n$/);
    expect(flood).toMatchObject({ exitCode: 137 });
    expect(flood.stderr).toMatch(/^exec-sidecar: outputLimitExceeded: limits\.outputBytes of 1024 exceeded.*\n$/);
    expect(flood.stdout).toBe('\0'.repeat(1_024));
  });

  it('takes quantities with suffixes', async () => {
    const quantities: readonly (readonly [flag: string, text: string, value: number])[] = [
      ['timeout-ms', '250ms', 250],
      ['cpu-time-ms', '1h', 3_600_000],
      ['memory-bytes', '64M', 67_108_864],
      ['output-bytes', '10K', 10_240],
      ['processes', '12', 12],
    ];
    const ceilings = '{"timeoutMs":1,"cpuTimeMs":1,"memoryBytes":1,"outputBytes":1,"processes":1}';
    await Promise.all(
      quantities.map(async ([flag, text, value]) => {
        const { exitCode, stderr } = await cli(['run', '--limit-ceilings', ceilings, `--${flag}`, text, '--', 'true']);
        expect(exitCode).toBe(126);
        expect(stderr).toContain(`: ${value} is above the ceiling of 1 `);
      }),
    );
  });

  it('puts files and variables in, and starts where it is told to', async () => {
    const source = join(folder(), 'source');
    await writeFile(source, 'from the host');
    const options = ['--file', `deep/in.txt=${source}`, '--env', 'NAME=a=b', '--env', 'EMPTY=', '--cwd', 'deep'];
    const outcome = await cli([
      'run',
      ...options,
      '--',
      'sh',
      '-c',
      'cat in.txt; echo "|$NAME|$EMPTY|"; env | grep -c ^EMPTY=',
    ]);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: 'from the host|a=b||\n1\n', stderr: '' });
  });

  it('with --verbose tells warnings, usage and timing on stderr and nothing on stdout', async () => {
    const { stdout, stderr } = await cli(['run', '--verbose', '--output-bytes', '10', '--', 'printf', '123456789']);
    expect(stdout).toBe('123456789');
    const told = stderr.trim().split('\n');
    for (const line of told) expect(line).toMatch(/^exec-sidecar: /);
    expect(told.slice(0, 2)).toEqual([
      'exec-sidecar: outputBytes is at 90 %: 9 of 10 bytes (setting limits.outputBytes)',
      'exec-sidecar: success, exit code 0',
    ]);
    expect(told[2]).toMatch(/^exec-sidecar: time: queued .* ms, setup .* ms, run .* ms, stalled .* ms, collect .* ms$/);
  });

  it('gives the command SIGPIPE where nobody reads its output any more', async () => {
    await using running = await startCli(['run', '--output-bytes', '1000G', '--', 'yes']);
    await running.said('y');
    running.stopReading();
    expect(await running.ended).toMatchObject({ exitCode: 141, stderr: '' });
  });
});

describe('exec-sidecar run, told to end', () => {
  const leaving = 'trap "echo bye; exit 9" INT; echo ready; while :; do sleep 0.05; done';
  const stubborn = 'trap "echo caught" INT; echo ready; while :; do sleep 0.05; done';

  it('passes the first Ctrl-C on to the command, which decides', async () => {
    await using running = await startCli(['run', '--', 'sh', '-c', leaving]);
    await running.said('ready');
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({ exitCode: 9, stdout: 'ready\nbye\n', stderr: '' });
  });

  it('cancels the command at the second Ctrl-C', async () => {
    await using running = await startCli(['run', '--', 'sh', '-c', stubborn]);
    await running.said('ready');
    running.kill('SIGINT');
    await running.said('caught');
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({ exitCode: 137, stderr: expect.stringContaining('cancelled') });
    expect(await running.traces.processes()).toEqual([]);
  });

  it('ends the command and exits with 143 at SIGTERM', async () => {
    await using running = await startCli(['run', '--', 'sh', '-c', stubborn]);
    await running.said('ready');
    running.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ exitCode: 143 });
    expect(await running.traces.processes()).toEqual([]);
  });

  it.skipIf(without('setpriv'))('takes the command along when it is killed, and leaves no folder', async () => {
    await using running = await startCli(['run', '--', 'sh', '-c', stubborn]);
    await running.said('ready');
    expect((await running.traces.processes()).length).toBeGreaterThan(1);
    running.kill('SIGKILL');
    await running.ended;
    await running.traces.vanish();
  });
});
