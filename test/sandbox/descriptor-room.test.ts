import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countOpenFiles, explainExhaustion, isExhaustion } from '../../src/sandbox/descriptor-room.js';
import { SandboxError } from '../../src/sandbox/errors.js';
import { type BuiltProgram, bundle } from '../support/bundle.js';

const failure = (code: string, cause?: unknown) => Object.assign(new Error(code, { cause }), { code });

describe('an error for want of descriptors', () => {
  it.each(['EMFILE', 'ENFILE'])('is known by %s, in itself or in what caused it', (code) => {
    expect(isExhaustion(failure(code))).toBe(true);
    expect(isExhaustion(new Error('outer', { cause: new Error('inner', { cause: failure(code) }) }))).toBe(true);
  });

  it('is no other error, and nothing that is no error', () => {
    for (const other of [failure('ENOENT'), new Error('EMFILE'), 'EMFILE', null, { code: 'EMFILE' }]) {
      expect(isExhaustion(other)).toBe(false);
      expect(explainExhaustion(other)).toBe(other);
    }
  });

  it('is told as one of the sandbox, with the setting and the cause; one that is told already stays', () => {
    const cause = failure('EMFILE');
    const told = explainExhaustion(cause);
    expect(told).toMatchObject({ kind: 'sandbox', code: 'too_many_open_files', cause });
    expect((told as Error).message).toMatch(/ulimit -n.*maxConcurrentTasks/);
    const own = new SandboxError('sandbox', 'pipes_unavailable', 'no pipes', {}, { cause });
    expect(explainExhaustion(own)).toBe(own);
  });
});

describe.skipIf(process.platform !== 'linux')('the number of open files', () => {
  it('grows with what is opened, and shrinks with what is closed', () => {
    const before = countOpenFiles()!;
    const opened = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'));
    expect(countOpenFiles()).toBeGreaterThan(before + 10);
    for (const descriptor of opened) closeSync(descriptor);
    expect(countOpenFiles()).toBeLessThan(before + 10);
  });
});

describe.skipIf(process.platform !== 'linux')('a process with a limit of open files', () => {
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await bundle(new URL('support/descriptor-room-program.ts', import.meta.url));
  });
  afterAll(() => program[Symbol.asyncDispose]());

  /** Tries out how many files can be open until a task, and a process, are refused. */
  function withLimit(limit: string): { forTasks: number; refused: Record<'task' | 'process', number>; open: number } {
    const line = ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', process.execPath, program.path];
    const { stdout, stderr } = spawnSync('/bin/sh', line, {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  it('keeps room for a task, and then still for a process, and leaves nothing open by looking', () => {
    const { forTasks, refused, open } = withLimit('128');
    expect(forTasks).toBe(112);
    expect(refused.task).toBeLessThanOrEqual(128 - open - 16);
    expect(refused.process - refused.task).toBeGreaterThanOrEqual(8);
    expect(refused.process).toBeLessThanOrEqual(128 - open - 8 + 1);
  });

  it('keeps the room of a task within bounds, however many files there may be', () => {
    expect(withLimit('40').forTasks).toBe(32);
    expect(withLimit('1024').forTasks).toBe(992);
  });
});
