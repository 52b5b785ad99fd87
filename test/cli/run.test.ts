import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { isPending } from '../support/gate.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { cli, startCli } from './support/io.js';

const folder = useTemporaryFolder();

function run(...args: string[]) {
  return cli(['run', ...args], { environment: { EXEC_SIDECAR_WORKSPACE_ROOT: folder() } });
}

function start(args: readonly string[], options: { read?: boolean } = {}) {
  return startCli(['run', ...args], { environment: { EXEC_SIDECAR_WORKSPACE_ROOT: folder() }, ...options });
}

const SLEEPER = ['--', '/bin/sh', '-c', 'echo ready; exec sleep 60'];

describe('run', () => {
  it('passes stdout and stderr through and exits as the command did', async () => {
    expect(await run('--', '/bin/sh', '-c', 'echo out; echo err >&2; exit 7')).toEqual({
      exitCode: 7,
      out: 'out\n',
      err: 'err\n',
    });
  });

  it('passes stdin through, more of it than one window', async () => {
    const { stdin, out, exitCode } = start(['--stdin-window-bytes', '1000', '--', 'wc', '-c']);
    stdin.end(Buffer.alloc(100_000, 'x'));
    expect(await exitCode).toBe(0);
    expect(out().trim()).toBe('100000');
  });

  it('leaves the options of the command alone', async () => {
    expect((await run('echo', '--verbose', '-n', '--queue-size=5')).out).toBe('--verbose -n --queue-size=5\n');
  });

  it('gives it variables, files and a working directory', async () => {
    const source = join(folder(), 'source.txt');
    writeFileSync(source, 'content');
    const { out, exitCode } = await run(
      ...['--env', 'NAME=a=b', '--file', `sub/copy.txt=${source}`, '--cwd', 'sub'],
      ...['--', '/bin/sh', '-c', 'echo "$NAME $(cat copy.txt) $(basename "$PWD")"'],
    );
    expect([exitCode, out]).toEqual([0, 'a=b content sub\n']);
  });

  it('exits with 124 where the command takes too long, and says so', async () => {
    const { exitCode, err } = await run('--timeout-ms', '200ms', '--', 'sleep', '60');
    expect(exitCode).toBe(124);
    expect(err).toContain('exec-sidecar: timeout: limits.timeoutMs of 200 exceeded');
  });

  it.each([
    [['--', 'no-such-command'], 127, 'no-such-command'],
    [['--', '/etc/passwd'], 126, '/etc/passwd'],
    [['--timeout-ms', '0', '--', 'true'], 126, 'limits.timeoutMs'],
    [['--command-policy', '{"deny":["true"]}', '--', 'true'], 126, 'true'],
  ])('exits as a shell does where the command cannot be run: %j', async (args, exitCode, message) => {
    const result = await run(...args);
    expect(result.exitCode).toBe(exitCode);
    expect(result.err).toContain('exec-sidecar: notExecuted: ');
    expect(result.err).toContain(message);
  });

  it('tells usage, timing and warnings where it is asked', async () => {
    const { err } = await run(
      ...['--verbose', '--output-bytes', '1000', '--', '/bin/sh', '-c', 'head -c 900 /dev/zero; sleep 0.1'],
    );
    const lines = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line.replace('exec-sidecar: ', '')));
    expect(lines.find(({ limit }) => limit === 'outputBytes')).toMatchObject({ kind: 'near', observed: 900 });
    expect(lines.at(-1)).toMatchObject({ status: 'success', exitCode: 0, timing: { runMs: expect.any(Number) } });
  });

  it('holds the command back while nobody reads its output, and loses nothing', async () => {
    const cliRun = start(['--', 'head', '-c', '3000000', '/dev/zero'], { read: false });
    cliRun.stdin.end();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await isPending(cliRun.exitCode)).toBe(true);
    const output = text(cliRun.stdout);
    expect(await cliRun.exitCode).toBe(0);
    cliRun.stdout.end();
    expect((await output).length).toBe(3_000_000);
  });
});

describe('a run that is ended', () => {
  it('by SIGTERM is cancelled and exits with 143', async () => {
    const cliRun = start(SLEEPER);
    await expect.poll(cliRun.out).toBe('ready\n');
    cliRun.terminate();
    expect(await cliRun.exitCode).toBe(143);
    expect(cliRun.err()).toContain('SIGTERM');
  });

  it('by Ctrl-C passes that on to the command', async () => {
    const cliRun = start(SLEEPER);
    await expect.poll(cliRun.out).toBe('ready\n');
    cliRun.interrupt();
    expect(await cliRun.exitCode).toBe(130);
  });

  it('by a second Ctrl-C is cancelled, where the command has ignored the first', async () => {
    const cliRun = start(['--', '/bin/sh', '-c', 'trap "" INT; echo ready; while :; do sleep 1; done']);
    await expect.poll(cliRun.out).toBe('ready\n');
    cliRun.interrupt();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await isPending(cliRun.exitCode)).toBe(true);
    cliRun.interrupt();
    expect(await cliRun.exitCode).toBe(137);
  });

  it('by a reader that leaves has its command ended by SIGPIPE', async () => {
    const cliRun = start(['--output-bytes', '1000G', '--', 'yes']);
    await expect.poll(() => cliRun.out().length).toBeGreaterThan(0);
    cliRun.stdout.destroy();
    expect(await cliRun.exitCode).toBe(141);
  });
});
