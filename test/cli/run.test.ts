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

  it('tells warnings, how it ended, timing, usage and queues where it is asked', async () => {
    const { err, out } = await run(
      ...['--verbose', '--output-bytes', '1000', '--', '/bin/sh', '-c', 'head -c 900 /dev/zero; sleep 0.1'],
    );
    expect(out).toHaveLength(900);
    const told = err
      .trim()
      .split('\n')
      .map((line) => line.replace('exec-sidecar: ', ''));
    // What an earlier run in this process has warned about, and nobody asked for, comes first.
    const lines = told.slice(told.findIndex((line) => line.startsWith('outputBytes')));
    expect(lines[0]).toBe('outputBytes is at 90 %: 900 of 1000 bytes (setting limits.outputBytes)');
    expect(lines[1]).toBe('success, exit code 0');
    expect(lines[2]).toMatch(/^time: queued .*, setup .*, run .*, stalled .*, collect .*$/);
    expect(lines[3]).toMatch(/^peak: memory .*, processes .*$/);
    expect(lines[4]).toMatch(/^in all: CPU time .*, stdout 900 bytes, stderr 0 bytes$/);
    const queues = lines.slice(7).map((line) => line.split(/ {2,}/));
    expect(queues.map(([name, , passed]) => [name, passed])).toEqual([
      ['schedulerQueue', '0'],
      ['stdout', '900'],
      ['stderr', '0'],
      ['stdinWindow', '0'],
    ]);
  });

  it('tells nothing of that where it is not asked', async () => {
    expect((await run('--output-bytes', '1000', '--', 'head', '-c', '900', '/dev/zero')).err).toBe('');
  });

  it('tells who is slow while nobody reads its output, and how long that was', async () => {
    const cliRun = start(['--verbose', '--', 'head', '-c', '500000', '/dev/zero'], { read: false });
    cliRun.stdin.end();
    const stalled = /exec-sidecar: task → stdout has been stalled for 1\.\d s: nobody reads the stdout of this process/;
    await expect.poll(cliRun.err, { timeout: 10_000 }).toMatch(stalled);
    const output = text(cliRun.stdout);
    expect(await cliRun.exitCode).toBe(0);
    cliRun.stdout.end();
    expect((await output).length).toBe(500_000);
    expect(cliRun.err()).toMatch(/exec-sidecar: task → stdout goes on after \d+\.\d s\n/);
    expect(cliRun.err().match(/has been stalled/g)).toHaveLength(1);
  });

  it('tells that the command does not read its stdin', async () => {
    const cliRun = start(['--verbose', '--', '/bin/sh', '-c', 'sleep 1.5; wc -c']);
    cliRun.stdin.end(Buffer.alloc(300_000, 'x'));
    expect(await cliRun.exitCode).toBe(0);
    expect(cliRun.out().trim()).toBe('300000');
    expect(cliRun.err()).toMatch(
      /host → task \S+ stdin has been stalled for 1\.\d s: the task does not read its stdin/,
    );
    expect(cliRun.err()).toMatch(/stdinWindow +\d+ of 262144 bytes +300000 +300000 +[1-9]/);
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
