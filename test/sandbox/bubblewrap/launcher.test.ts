import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchScript, parseStatus, quoted, READY } from '../../../src/sandbox/bubblewrap/launcher.js';
import type { SandboxCommand } from '../../../src/sandbox/fork-server/index.js';
import { rlimitsOf } from '../../../src/sandbox/rlimits.js';
import { LIMITS } from '../support/sandbox.js';

const options: SandboxCommand = {
  file: '/bin/echo',
  argv: ['/bin/echo', 'hello'],
  environment: { PATH: '/usr/bin:/bin' },
  cwd: '/',
  rlimits: rlimitsOf(LIMITS),
  stdin: 'none',
};

/** Runs a script as the launcher does, with its status going to a pipe. */
function run(script: string) {
  const none = openSync('/dev/null', 'r');
  const stdio = ['ignore', 'pipe', 'pipe', 'pipe', none] as const;
  const { output, status } = spawnSync('/bin/sh', ['-c', script], {
    stdio: [...stdio],
    env: { PWD: '/x', OLDPWD: '/y' },
  });
  return { status, stdout: `${output[1]}`, stderr: `${output[2]}`, told: `${output[3]}` };
}

describe('the status that the launcher tells', () => {
  it.each([
    ['0', { exitCode: 0, signal: null }],
    ['137', { exitCode: 137, signal: null }],
    ['255', { exitCode: 255, signal: null }],
    ['265', { exitCode: null, signal: 'SIGKILL' }],
    ['267', { exitCode: null, signal: 'SIGSEGV' }],
    // Some kinds of awk add 256 more where there was a core dump.
    ['523', { exitCode: null, signal: 'SIGSEGV' }],
  ])('%s is understood', (text, status) => {
    expect(parseStatus(text)).toEqual(status);
  });

  it.each(['', 'ready', '-1', '1.5', '0x1', ' 0', '1000', '1\n'])('%j is none', (text) => {
    expect(parseStatus(text)).toBeNull();
  });
});

describe('the script that becomes the command', () => {
  it('says that it has started before the command says anything, and closes all but the standard streams', () => {
    const listed = run(launchScript({ ...options, argv: ['/bin/sh', '-c', 'echo /proc/self/fd/*'] }));
    expect(listed.told).toBe('started\n');
    expect(listed.told).not.toContain(READY);
    // 3 is the directory that is listed; what is above those of the launcher comes from whoever runs this test.
    const descriptors = listed.stdout.match(/\d+/g)?.map(Number) ?? [];
    expect(descriptors.filter((descriptor) => descriptor < 10)).toEqual([0, 1, 2, 3]);
  });

  it('passes on arguments and variables as they are, and nothing of its own', () => {
    const values = ['', ' ', "it's", "'\\''", '$HOME `id` $(id)', 'a\nb', '*', '\\', '\u{1f600}'];
    const environment = Object.fromEntries(values.map((value, index) => [`V${index}`, value]));
    const print = 'printf "%s|" "$@"; env -0 | sort -z';
    const argv = ['/bin/sh', '-c', print, 'sh', ...values];
    const { stdout } = run(launchScript({ ...options, argv, environment: { ...environment, PATH: '/usr/bin:/bin' } }));
    expect(stdout.startsWith(values.map((value) => `${value}|`).join(''))).toBe(true);
    const variables = stdout.slice(stdout.indexOf('PATH=')).split('\0').filter(Boolean);
    for (const [name, value] of Object.entries(environment)) expect(stdout).toContain(`${name}=${value}\0`);
    expect(variables.some((variable) => variable.startsWith('OLDPWD='))).toBe(false);
  });

  it('gives the command a variable that no shell could name', () => {
    const { stdout } = run(launchScript({ ...options, argv: ['/usr/bin/env'], environment: { 'a.b': "c'd" } }));
    expect(stdout).toMatch(/^a\.b=c'd$/m);
  });

  it('sets the limits of the process, hard and soft', () => {
    const limits = { ...LIMITS, openFiles: 77, fileSizeBytes: 1_000, cpuTimeMs: 1_500 };
    const argv = ['/bin/sh', '-c', 'ulimit -c; ulimit -n; ulimit -Hn; ulimit -f; ulimit -St; ulimit -Ht'];
    const { stdout } = run(launchScript({ ...options, rlimits: rlimitsOf(limits), argv }));
    expect(stdout.trim().split('\n')).toEqual(['0', '77', '77', '2', '3', '4']);
  });

  it('ends with 125 where the directory is not there, and runs nothing', () => {
    const { status, stdout } = run(launchScript({ ...options, cwd: '/no/such directory' }));
    expect([status, stdout]).toEqual([125, '']);
  });

  it('does not take the name of a command for a variable', () => {
    const directory = mkdtempSync(join(tmpdir(), 'exec-sidecar-test-'));
    writeFileSync(join(directory, 'a=b'), '#!/bin/sh\necho ran "$@"', { mode: 0o755 });
    for (const environment of [{ PATH: `${directory}:/usr/bin:/bin` }, { PATH: `${directory}:/bin`, 'c.d': 'e' }]) {
      expect(run(launchScript({ ...options, argv: ['a=b', 'f'], environment })).stdout).toBe('ran f\n');
    }
    rmSync(directory, { recursive: true });
  });
});

describe('a quoted word', () => {
  it.each(['', "'", "''", "a'b'c", '$x', 'a\nb', '!', '\\', '"'])('stands for exactly %j', (text) => {
    expect(spawnSync('/bin/sh', ['-c', `printf %s ${quoted(text)}`], { encoding: 'utf8' }).stdout).toBe(text);
  });
});
