import { closeSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandSpec, finish, script, TestSandbox } from './support/sandbox.js';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await TestSandbox.open();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const onLinux = process.platform === 'linux';

describe('a command of the process backend', () => {
  it('tells its exit code and what it wrote', async () => {
    const { exit, stdout, stderr } = await sandbox.run(script('echo out; echo err >&2; exit 3'));
    expect({ exit, stdout, stderr }).toEqual({
      exit: { exitCode: 3, signal: null },
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('tells the signal that ended it', async () => {
    const { exit } = await sandbox.run(script('kill -TERM $$'));
    expect(exit).toEqual({ exitCode: null, signal: 'SIGTERM' });
  });

  it('gets its arguments as they are, never through a parser', async () => {
    const args = ['', ' ', '$HOME', '"; exit 1; "', '-n', '--', '*', 'a\nb', '\u{1f600}'];
    const { stdout } = await sandbox.run(script('for a in "$@"; do printf "<%s>" "$a"; done', ...args));
    expect(stdout).toBe(args.map((arg) => `<${arg}>`).join(''));
  });

  it('reads end of file at once where it has no stdin', async () => {
    const { exit, stdout } = await sandbox.run(script('wc -c'));
    expect(exit.exitCode).toBe(0);
    expect(stdout.trim()).toBe('0');
  });

  it('reads what is written to its stdin, to the end', async () => {
    const process = await sandbox.start(commandSpec('cat', [], { stdin: 'pipe' }));
    const data = 'x'.repeat(1_000_000);
    process.stdin?.end(data);
    const { stdout } = await finish(process);
    expect(stdout).toBe(data);
  });

  it('survives, and so does the sidecar, when it closes its stdin early', async () => {
    const process = await sandbox.start(commandSpec('true', [], { stdin: 'pipe' }));
    await process.exited;
    process.stdin?.end('x'.repeat(200_000));
    expect(await process.exited).toEqual({ exitCode: 0, signal: null });
  });

  it('writes more than a pipe holds only as it is read', async () => {
    const process = await sandbox.start(script('head -c 3000000 /dev/zero; echo done >&2'));
    let bytes = 0;
    for await (const chunk of process.stdout) bytes += chunk.length;
    expect(bytes).toBe(3_000_000);
    expect((await finish(process)).stderr).toBe('done\n');
  });

  it.skipIf(!onLinux)('can open its standard streams by name', async () => {
    const process = await sandbox.start({
      ...script('cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr; echo fd > /proc/self/fd/1'),
      stdin: 'pipe',
    });
    process.stdin?.end('in\n');
    const { stdout, stderr } = await finish(process);
    expect(stdout).toBe('in\nout\nfd\n');
    expect(stderr).toBe('err\n');
  });

  it.skipIf(!onLinux)('can open its stdin by name long after the end of it', async () => {
    const process = await sandbox.start({ ...script('sleep 0.3; cat /dev/stdin; cat /dev/stdin'), stdin: 'pipe' });
    process.stdin?.end('late\n');
    expect((await finish(process)).stdout).toBe('late\n');
  });

  it.skipIf(!onLinux)('has no descriptor that the sidecar has opened', async () => {
    const own = openSync(sandbox.root, 'r');
    const { stdout } = await sandbox.run(script('for fd in /proc/self/fd/*; do echo "$fd $(readlink "$fd")"; done'));
    closeSync(own);
    const opened = stdout.split('\n').filter((line) => /^\/proc\/self\/fd\/[0-2] /.test(line));
    expect(opened).toHaveLength(3);
    expect(stdout.split('\n').filter((line) => line.includes(sandbox.root) && !opened.includes(line))).toEqual([]);
  });

  it('settles when it ends, though a child of it still holds its stdout', async () => {
    // While another command runs, what this one leaves is left alone until it is asked for.
    await sandbox.start(script('exec sleep 600'));
    const process = await sandbox.start(script('sleep 600 & echo started'));
    expect(await process.exited).toEqual({ exitCode: 0, signal: null });
    expect((await process.members()).length).toBeGreaterThan(0);
    await process.killTree();
    const { stdout } = await finish(process);
    expect(stdout).toBe('started\n');
  });

  it('runs once in a container', async () => {
    const container = await sandbox.container();
    await finish(await container.execute(script('true')));
    await expect(container.execute(script('true'))).rejects.toMatchObject({ kind: 'sandbox', code: 'container_used' });
  });
});

describe('the environment of a command', () => {
  it('is what the task gives and a small safe set, nothing of the sidecar', async () => {
    process.env.SECRET_OF_THE_SIDECAR = 'secret';
    const container = await sandbox.container();
    const { stdout } = await finish(await container.execute(commandSpec('env', [], { env: [['GIVEN', 'a=b c']] })));
    delete process.env.SECRET_OF_THE_SIDECAR;
    const environment = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s) as [string, string]),
    );
    expect(environment.get('GIVEN')).toBe('a=b c');
    expect(environment.get('HOME')).toBe(container.workspace);
    expect(environment.get('LANG')).toBe('C.UTF-8');
    expect(environment.get('EXEC_SIDECAR_EXECUTION_ID')).toBe(container.id);
    const known = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'GIVEN', 'EXEC_SIDECAR_INSTANCE', 'EXEC_SIDECAR_EXECUTION_ID'];
    const addedByShells = ['PWD', 'OLDPWD', 'SHLVL', '_'];
    expect([...environment.keys()].filter((name) => ![...known, ...addedByShells].includes(name))).toEqual([]);
  });

  it('lets the task set everything but the markers', async () => {
    const env = [
      ['HOME', '/elsewhere'],
      ['LANG', 'C'],
      ['EXEC_SIDECAR_EXECUTION_ID', 'forged'],
      ['EXEC_SIDECAR_INSTANCE', 'forged'],
    ] as const;
    const { stdout } = await sandbox.run({ ...script('echo "$HOME $LANG"; env'), env });
    expect(stdout).toContain('/elsewhere C\n');
    expect(stdout).not.toContain('forged');
  });

  it('keeps variables that a shell could not name', async () => {
    const env = [
      ['spring.datasource.url', 'jdbc:x'],
      ['-dash', '1'],
      ['__proto__', '2'],
    ] as const;
    const { stdout } = await sandbox.run(commandSpec('env', [], { env }));
    expect(stdout).toMatch(/^spring\.datasource\.url=jdbc:x$/m);
    expect(stdout).toMatch(/^-dash=1$/m);
    expect(stdout).toMatch(/^__proto__=2$/m);
  });

  it('has a TMPDIR that is private, apart from the workspace, and gone with it', async () => {
    const container = await sandbox.container();
    const { stdout } = await finish(
      await container.execute(
        script('echo x > "$TMPDIR/file"; echo "$TMPDIR"; stat -c %a "$TMPDIR" 2>/dev/null || echo 700'),
      ),
    );
    const [directory = '', mode] = stdout.split('\n');
    expect(mode).toBe('700');
    expect(directory.startsWith(container.workspace)).toBe(false);
    expect((await container.measureWorkspace())?.totalBytes).toBe(2);
    await container.cleanup();
    expect(() => realpathSync(directory)).toThrow('ENOENT');
  });
});

describe('the limits of each process', () => {
  it('bound its open files', async () => {
    expect((await sandbox.run(script('ulimit -n'), { openFiles: 77 })).stdout).toBe('77\n');
  });

  it('leave no core files', async () => {
    expect((await sandbox.run(script('ulimit -c'))).stdout).toBe('0\n');
  });

  it('end it with SIGXFSZ where it writes a file too large', async () => {
    const container = await sandbox.container({ fileSizeBytes: 100_000 });
    const { exit } = await finish(await container.execute(script('exec head -c 200000 /dev/zero > big')));
    const measure = await container.measureWorkspace();
    expect(exit.exitCode === 0).toBe(false);
    expect(measure?.largestFileBytes).toBeLessThanOrEqual(100_352);
  });

  it('do not bound what it writes to its pipes', async () => {
    const { exit, stdout } = await sandbox.run(script('head -c 200000 /dev/zero'), { fileSizeBytes: 0 });
    expect(exit.exitCode).toBe(0);
    expect(stdout.length).toBe(200_000);
  });

  it('end it with SIGXCPU a second behind its CPU time', async () => {
    const { stdout } = await sandbox.run(script('ulimit -S -t; ulimit -H -t'), { cpuTimeMs: 1_500 });
    expect(stdout).toBe('3\n4\n');
  });
});

describe('the working directory of a command', () => {
  it('is the workspace', async () => {
    const container = await sandbox.container();
    const { stdout } = await finish(await container.execute(script('pwd -P')));
    expect(stdout.trim()).toBe(container.workspace);
  });

  it('is a directory of the workspace where the task says so', async () => {
    const container = await sandbox.container({}, [{ path: 'a/b/file', data: '' }]);
    const { stdout } = await finish(await container.execute({ ...script('pwd -P'), cwd: 'a/b' }));
    expect(stdout.trim()).toBe(join(container.workspace, 'a/b'));
  });
});

describe('a signal to a command', () => {
  it('reaches its whole process group', async () => {
    const process = await sandbox.start(
      script(
        'trap "echo parent" USR1; sh -c \'trap "echo child; exit" USR1; echo ready; while :; do sleep 0.05; done\' & wait; wait',
      ),
    );
    process.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (chunk.includes('ready')) process.signal('SIGUSR1');
    });
    const { stdout } = await finish(process);
    await process.killTree();
    expect(stdout).toContain('child');
    expect(stdout).toContain('parent');
  });

  it('finds nobody after its tree was killed', async () => {
    const process = await sandbox.start(script('sleep 600'));
    expect(process.signal('SIGCONT')).toBe(true);
    await process.killTree();
    expect(process.signal('SIGTERM')).toBe(false);
  });
});
