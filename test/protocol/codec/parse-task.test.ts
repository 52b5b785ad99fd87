import { describe, expect, test } from 'vitest';
import { parseTask } from '../../../protocol/index.js';

const task = (fields: object) => parseTask({ command: 'true', ...fields });

describe('a Task that is wrong', () => {
  test.each([
    [{ command: undefined }, 'command', 'command: is missing, must be a str'],
    [{ command: '' }, 'command', 'command: must have at least 1 character, got ""'],
    [{ command: 'a\0b' }, 'command', 'command: must not contain NUL, got "a\\u0000b"'],
    [{ args: 'a b' }, 'args', 'args: must be an array, got "a b"'],
    [{ args: ['a', 1] }, 'args[1]', 'args[1]: must be a str, got 1'],
    [{ env: { A: 'b' } }, 'env', 'env: must be an array, got a map with "A"'],
    [{ env: [['A=B', 'c']] }, 'env[0][0]', `env[0][0]: must not contain '=', got "A=B"`],
    [{ env: [['A']] }, 'env[0]', 'env[0]: must have at least 2 elements, got an array of 1'],
    [{ env: [['', 'c']] }, 'env[0][0]', 'env[0][0]: must have at least 1 character, got ""'],
    [{ files: [{ path: 'a' }] }, 'files[0].data', 'files[0].data: is missing, must be bin or str'],
    [
      { files: [{ path: 'a', data: '', mode: 512 }] },
      'files[0].mode',
      'files[0].mode: must be an integer from 0 to 511, got 512',
    ],
    [{ stdin: { stream: false } }, 'stdin', 'stdin: must be bin, str or {stream: true}, got a map with "stream"'],
    [{ priority: 101 }, 'priority', 'priority: must be an integer from -100 to 100, got 101'],
    [{ limits: { timeoutMs: -5 } }, 'limits.timeoutMs', 'limits.timeoutMs: must be an integer >= 1, got -5'],
    [{ limits: { timeoutMs: 1.5 } }, 'limits.timeoutMs', 'limits.timeoutMs: must be an integer >= 1, got 1.5'],
    [
      { limits: { memoryBytes: '1 GiB' } },
      'limits.memoryBytes',
      'limits.memoryBytes: must be an integer >= 1, got "1 GiB"',
    ],
    [{ limits: { outputBytes: -1 } }, 'limits.outputBytes', 'limits.outputBytes: must be an integer >= 0, got -1'],
    [
      { limits: { cpuPercent: 2 ** 53 } },
      'limits.cpuPercent',
      'limits.cpuPercent: must be an integer >= 1, got 9007199254740992',
    ],
    [{ limits: null }, 'limits', 'limits: must be a map, got nil'],
    [{ limits: new Uint8Array(2) }, 'limits', 'limits: must be a map, got bin of 2 bytes'],
    [{ output: new Uint8Array(0) }, 'output', 'output: must be a map, got bin of 0 bytes'],
    [
      { output: { mode: 'tee' } },
      'output.mode',
      'output.mode: must be one of "collect", "stream", "discard", got "tee"',
    ],
    [{ collect: [''] }, 'collect[0]', 'collect[0]: must have at least 1 character, got ""'],
    [{ require: 'hypervisor' }, 'require', 'require: must be one of "any", "kernel", got "hypervisor"'],
    [{ usageEventsMs: 0 }, 'usageEventsMs', 'usageEventsMs: must be an integer >= 1, got 0'],
    [{ cache: 1 }, 'cache', 'cache: must be a bool, got 1'],
  ])('is described by field, bound and value: %o', (fields, field, message) => {
    expect(task(fields)).toEqual({ ok: false, field, message });
  });

  test.each([
    [undefined, 'task: is missing, must be a map'],
    [null, 'task: must be a map, got nil'],
    ['true', 'task: must be a map, got "true"'],
    [['true'], 'task: must be a map, got an array of 1'],
  ])('is described also where it is no map: %o', (body, message) => {
    expect(parseTask(body)).toEqual({ ok: false, field: '', message });
  });
});

describe('a Task that is right', () => {
  test('keeps its fields and loses those that are not known', () => {
    expect(task({ args: ['a'], colour: 'red', limits: { timeoutMs: 5 } })).toEqual({
      ok: true,
      task: { command: 'true', args: ['a'], limits: { timeoutMs: 5 } },
    });
  });

  test('has no limit that is not known: a misspelt one would not hold', () => {
    expect(task({ limits: { timeoutMs: 5, luck: 7 } })).toEqual({
      ok: false,
      field: 'limits',
      message: expect.stringContaining('limits: must not have the unknown field luck'),
    });
  });

  test('may say only one of the output options: the other takes its default', () => {
    expect(task({ output: { mode: 'stream' } })).toMatchObject({
      task: { output: { mode: 'stream', onOverflow: 'kill' } },
    });
  });
});
