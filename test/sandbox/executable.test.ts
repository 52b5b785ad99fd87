import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isElf, parseElf, runsMachine } from '../../src/sandbox/elf.js';
import { inspectExecutable } from '../../src/sandbox/executable.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';
import { commandSpec, TestSandbox } from './support/sandbox.js';

let place: TemporaryDirectory;
beforeAll(async () => {
  place = await temporaryDirectory();
});
afterAll(() => place[Symbol.asyncDispose]());

const PATH = '/usr/bin:/bin';

async function file(name: string, content: string | Uint8Array, mode = 0o755): Promise<string> {
  const path = join(place.path, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

async function inspect(command: string, path = PATH): Promise<string> {
  return inspectExecutable(command, path, place.path);
}

describe('looking for a command', () => {
  it('finds a name in PATH, in the order of PATH', async () => {
    await mkdir(join(place.path, 'first'));
    await mkdir(join(place.path, 'second'));
    await file('first/tool', '#!/bin/sh\n');
    await file('second/tool', '#!/bin/sh\n');
    const path = `${join(place.path, 'none')}:${join(place.path, 'second')}:${join(place.path, 'first')}`;
    expect(await inspect('tool', path)).toBe(join(place.path, 'second/tool'));
  });

  it('passes over a file that is not executable while another one is', async () => {
    await mkdir(join(place.path, 'blocked'));
    await file('blocked/sh', '#!/bin/sh\n', 0o644);
    expect(await inspect('sh', `${join(place.path, 'blocked')}:/bin`)).toBe('/bin/sh');
  });

  it('takes a path with a slash from the working directory', async () => {
    const path = await file('script', '#!/bin/sh\n');
    expect(await inspect('./script')).toBe(path);
  });

  it('does not take a bare name from the working directory', async () => {
    await file('only-here', '#!/bin/sh\n');
    await expect(inspect('only-here')).rejects.toMatchObject({ code: 'command_not_found' });
  });

  it('names the command and the PATH where there is no such command', async () => {
    await expect(inspect('no-such-command')).rejects.toMatchObject({
      kind: 'execution',
      code: 'command_not_found',
      message: expect.stringContaining(`"no-such-command": not found in PATH (${PATH})`),
      details: { command: 'no-such-command', path: PATH },
    });
  });
});

describe('a file that cannot be run', () => {
  it('is told to be a directory', async () => {
    await expect(inspect(place.path)).rejects.toMatchObject({ kind: 'execution', code: 'is_a_directory' });
  });

  it('is told not to be executable, by path and by name', async () => {
    await file('plain', '#!/bin/sh\n', 0o644);
    await expect(inspect('./plain')).rejects.toMatchObject({ code: 'not_executable' });
    await expect(inspect('plain', place.path)).rejects.toMatchObject({ code: 'not_executable' });
  });

  it('is told to lack its interpreter, also behind another script', async () => {
    const inner = await file('inner', '#!/no/such/interpreter -x\n');
    await file('outer', `#!${inner}\n`);
    for (const command of ['./inner', './outer']) {
      await expect(inspect(command)).rejects.toMatchObject({
        code: 'interpreter_not_found',
        message: expect.stringContaining('/no/such/interpreter'),
        details: { interpreter: '/no/such/interpreter' },
      });
    }
  });

  it('is told to name no interpreter', async () => {
    await file('nameless', '#!\necho\n');
    await expect(inspect('./nameless')).rejects.toMatchObject({ code: 'exec_format_error' });
  });

  it('is a link that leads nowhere', async () => {
    await symlink('/no/such/file', join(place.path, 'dangling'));
    await expect(inspect('./dangling')).rejects.toMatchObject({ code: 'command_not_found' });
  });
});

describe.skipIf(process.platform !== 'linux')('the format of a file', () => {
  it('is not that of a text without an interpreter, nor of an empty file', async () => {
    await file('text', 'echo hello\n');
    await file('empty', '');
    await expect(inspect('./text')).rejects.toMatchObject({ kind: 'execution', code: 'exec_format_error' });
    await expect(inspect('./empty')).rejects.toMatchObject({ code: 'exec_format_error' });
  });

  it('is not that of a program for another machine', async () => {
    const program = await readFile('/bin/sh');
    program.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18);
    await file('foreign', program);
    await expect(inspect('./foreign')).rejects.toMatchObject({
      code: 'exec_format_error',
      message: expect.stringContaining('another machine'),
    });
  });

  it('is that of a program of this machine', async () => {
    const path = join(place.path, 'copy');
    await copyFile('/bin/sh', path);
    expect(await inspect('./copy')).toBe(path);
    const head = await readFile(path);
    const elf = parseElf(head);
    expect(isElf(head)).toBe(true);
    expect(runsMachine(elf?.machine ?? 0)).toBe(true);
  });

  it('tells the dynamic loader that is missing', async () => {
    const program = await readFile('/bin/sh');
    const interpreter = parseElf(program)?.interpreter;
    if (interpreter == null) return;
    program.write('X', program.indexOf(interpreter) + 1, 'latin1');
    await file('no-loader', program);
    await expect(inspect('./no-loader')).rejects.toMatchObject({ code: 'interpreter_not_found' });
  });
});

describe('a container', () => {
  it('refuses such a command before it starts anything', async () => {
    await using sandbox = await TestSandbox.open();
    await expect(sandbox.start(commandSpec('no-such-command'))).rejects.toMatchObject({ code: 'command_not_found' });
    const container = await sandbox.container({}, [{ path: 'run', data: 'echo hello\n' }]);
    await expect(container.execute(commandSpec('./run'))).rejects.toMatchObject({ code: 'not_executable' });
  });

  it('looks for the command in the PATH of the task', async () => {
    await using sandbox = await TestSandbox.open();
    const spec = commandSpec('sh', ['-c', 'true'], { env: [['PATH', '/no/such/directory']] });
    await expect(sandbox.start(spec)).rejects.toMatchObject({ message: expect.stringContaining('/no/such/directory') });
  });
});
