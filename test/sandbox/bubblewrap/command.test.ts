import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../support/processes.js';
import { temporaryDirectory } from '../support/directories.js';
import { commandSpec, finish, script, type TestSandbox } from '../support/sandbox.js';
import { openBubblewrap, WAYS, withoutBubblewrap } from './support.js';

const MIB = 1_048_576;

describe.skipIf(withoutBubblewrap).each(WAYS)('a command in a sandbox that $way', ({ tools }) => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await openBubblewrap(tools);
  });
  afterAll(() => sandbox?.[Symbol.asyncDispose]());

  it.each([0, 3, 125, 127, 137, 143, 255])('that exits with %i is told to have exited so', async (code) => {
    expect((await sandbox.run(script(`exit ${code}`))).exit).toEqual({ exitCode: code, signal: null });
  });

  it.each(['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGABRT'])('that dies by %s is told to have died so', async (signal) => {
    const { exit } = await sandbox.run(script(`kill -${signal.slice(3)} $$`));
    expect(exit).toEqual({ exitCode: null, signal });
  });

  it('is not begun where its container is cleaned up meanwhile', async () => {
    const container = await sandbox.container();
    const begun = expect(container.execute(script('true'))).rejects.toMatchObject({ code: 'container_used' });
    await Promise.all([begun, sandbox.manager.cleanupContainer(container)]);
  });

  it('gets a megabyte of arguments', async () => {
    const args = Array.from({ length: 12 }, (_, index) => `${index}`.repeat(100_000 / `${index}`.length));
    const { stdout } = await sandbox.run(script('for a in "$@"; do printf "%s\\n" "$a"; done', ...args));
    expect(stdout.split('\n').slice(0, -1)).toEqual(args);
  });

  it('gets its arguments and its environment as they are', async () => {
    const args = ['', ' ', '$HOME', "'", '"; exit 1; "', '-n', '--', '*', 'a\nb', "it's\n'' $(x) `y` \\", '\u{1f600}'];
    const { stdout } = await sandbox.run(script('for a in "$@"; do printf "<%s>" "$a"; done', ...args));
    expect(stdout).toBe(args.map((arg) => `<${arg}>`).join(''));
    const env = [
      ['QUOTE', "it's\n$(x)"],
      ['a.b', "c'd"],
      ['-dash', '1'],
      ['OPTIND', 'no number'],
      ['UID', '0'],
      ['LD_BIND_NOW', '1'],
    ] as const;
    const listed = (await sandbox.run(commandSpec('env', ['-0'], { env }))).stdout.split('\0');
    expect(listed).toEqual(expect.arrayContaining(env.map((pair) => pair.join('='))));
    expect(listed.filter((entry) => entry.startsWith('EXEC_SIDECAR')).length).toBe(2);
  });

  it('leads a session and a process group of its own, whose parent is the launcher', async () => {
    const { stdout } = await sandbox.run(
      commandSpec('python3', ['-c', 'import os; print(os.getpid(), os.getsid(0), os.getpgrp())']),
    );
    const [pid, session, group] = stdout.trim().split(' ');
    expect([session, group]).toEqual([pid, pid]);
  });

  it('may have a name that a shell would take for an option', async () => {
    const files = [{ path: '-v', data: '#!/bin/sh\necho ran "$@"', mode: 0o755 }];
    const container = await sandbox.container({}, files);
    const env = [['PATH', '/sandbox/workspace:/usr/bin:/bin']] as const;
    const { stdout } = await finish(await container.execute(commandSpec('-v', ['x'], { env })));
    expect(stdout).toBe('ran x\n');
    await container.cleanup();
  });

  it('that the host has where the sandbox shows nothing is not found, and the error says how it would be', async () => {
    await using elsewhere = await temporaryDirectory();
    const program = join(elsewhere.path, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    await expect(sandbox.run(commandSpec(program))).rejects.toMatchObject({
      code: 'command_not_found',
      message: expect.stringMatching(/^command: .*no such file: .*; the host has it as .*\/program, .*readOnlyPaths/),
    });
    await expect(sandbox.run(commandSpec('./program'))).rejects.not.toThrow('readOnlyPaths');
  });

  it.each([
    ['/etc/passwd', 'not_executable'],
    ['/dev/null', 'not_executable'],
    ['/tmp', 'is_a_directory'],
    ['/etc', 'is_a_directory'],
    ['/root', 'command_not_found'],
  ])('that is %s cannot be run: %s', async (command, code) => {
    await expect(sandbox.run(commandSpec(command))).rejects.toMatchObject({ code });
  });

  it('that closes its standard input is no longer written to', async () => {
    const process = await sandbox.start({ ...script('exec 0<&-; echo closed; exec sleep 60'), stdin: 'pipe' });
    await once(process.stdout, 'data');
    const broken = once(process.stdin!, 'error');
    process.stdin!.write('x'.repeat(1_000_000));
    expect(await broken).toMatchObject([{ code: 'EPIPE' }]);
    await process.killTree();
  });

  it('reads and writes its streams, also by name', async () => {
    const process = await sandbox.start({
      ...script('cat /dev/stdin; echo out > /dev/stdout; echo err >&2'),
      stdin: 'pipe',
    });
    process.stdin?.end('x'.repeat(300_000));
    const { stdout, stderr, exit } = await finish(process);
    expect([stdout.length, stderr, exit.exitCode]).toEqual([300_004, 'err\n', 0]);
  });

  it('finds its files with their modes, and leaves files that are read after its end', async () => {
    const path = `${'long/'.repeat(30)}file`;
    const files = [
      { path: 'run.sh', data: '#!/bin/sh\necho ran; pwd', mode: 0o755 },
      { path, data: new Uint8Array([0, 255, 10]), mode: 0o600 },
    ];
    const container = await sandbox.container({}, files);
    const source = `./run.sh; stat -c %a run.sh ${path}; echo kept > out; ln -s /etc/passwd link; ln -s "$PWD/out" inner`;
    const { stdout } = await finish(await container.execute(script(source)));
    expect(stdout).toBe('ran\n/sandbox/workspace\n755\n600\n');
    const { files: collected, omitted } = await container.collect(
      ['out', 'inner', 'link', '*.sh', path, '../tmp'],
      MIB,
    );
    expect(collected.map((file) => file.path)).toEqual(['out', 'inner', 'run.sh', path]);
    expect(Buffer.from(collected[1]!.data).toString()).toBe('kept\n');
    expect([...collected[3]!.data]).toEqual([0, 255, 10]);
    expect(omitted.map((file) => file.path)).toEqual(['link', '../tmp']);
    await container.cleanup();
  });

  it('starts in the directory of the workspace that it is given', async () => {
    const container = await sandbox.container({}, [{ path: 'a/b/c', data: '' }]);
    const { stdout } = await finish(await container.execute({ ...script('pwd'), cwd: 'a/b' }));
    expect(stdout).toBe('/sandbox/workspace/a/b\n');
  });

  it.each([
    ['nonexistent', 'command_not_found'],
    ['/etc/shadow', 'command_not_found'],
    ['/usr', 'is_a_directory'],
  ])('that is %s is refused with %s', async (command, code) => {
    await expect(sandbox.start(commandSpec(command))).rejects.toMatchObject({ kind: 'execution', code });
  });

  it('has no more room for files than its limit', async () => {
    const container = await sandbox.container({ workspaceBytes: MIB });
    const process = await container.execute(
      script('head -c 700000 /dev/zero > a; head -c 700000 /dev/zero > /tmp/b; ls -l a | wc -l'),
    );
    expect((await finish(process)).stderr).toContain('No space left');
    expect((await container.measureWorkspace())?.totalBytes).toBeGreaterThan(MIB);
    await container.cleanup();
  });

  it('is killed with all that descends from it, whatever session it is in', async () => {
    const container = await sandbox.container();
    const process = await container.execute(
      script('setsid sh -c "setsid sleep 600 & sleep 600" & trap "" TERM; echo up; sleep 600'),
    );
    await new Promise((resolve) => process.stdout.once('data', resolve));
    const members = await process.members();
    expect(members.length).toBeGreaterThanOrEqual(3);
    await process.killTree();
    expect(members.filter(isAlive)).toEqual([]);
    expect(await process.exited).toEqual({ exitCode: null, signal: 'SIGKILL' });
    expect(await container.cleanup()).toEqual({ leaked: 0 });
  });

  it('takes what it left running with it when it ends', async () => {
    const process = await sandbox.start(script('sleep 600 & echo started'));
    const members = await process.members();
    expect((await finish(process)).stdout).toBe('started\n');
    await process.killTree();
    expect(members.filter(isAlive)).toEqual([]);
  });

  it('gets a signal with its whole process group', async () => {
    const process = await sandbox.start(
      script('trap "echo got; exit 5" USR1; echo ready; while :; do sleep 0.05; done'),
    );
    process.stdout.once('data', () => process.signal('SIGUSR1'));
    expect(await process.exited).toEqual({ exitCode: 5, signal: null });
    expect(process.signal('SIGTERM')).toBe(false);
  });

  it('may be the only process that its limit allows, and none more, whatever its sandbox was made by', async () => {
    const alone = () => sandbox.run(script('sleep 0 || true; echo alone'), { processes: 1 });
    const results = await Promise.all(Array.from({ length: 12 }, alone));
    for (const { stdout, stderr } of results) expect([stdout, stderr]).toEqual(['', expect.stringMatching(/fork/i)]);
    const { stdout } = await sandbox.run(script('exec echo alone'), { processes: 1 });
    expect(stdout).toBe('alone\n');
  });

  it('is never run where its sandbox cannot be made', async () => {
    await expect(sandbox.container({ memoryBytes: 1 })).rejects.toMatchObject({ kind: 'sandbox' });
    expect((await sandbox.run(script('echo fine'))).stdout).toBe('fine\n');
  });

  it('leaves no process, cgroup or directory behind', async () => {
    const own = await openBubblewrap(tools);
    const container = await own.container();
    const process = await container.execute(script('echo x > file; sleep 600 & echo up; sleep 600'));
    await new Promise((resolve) => process.stdout.once('data', resolve));
    const members = await process.members();
    await own[Symbol.asyncDispose]();
    expect(members.filter(isAlive)).toEqual([]);
    expect(existsSync(own.root)).toBe(false);
  });
});
