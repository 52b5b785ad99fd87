import { describe, expect, it } from 'vitest';
import { type TaskInput, toTaskBody } from '../../../clients/node/task-input.js';

describe('a task as the caller writes it', () => {
  it('becomes the Task of the protocol', () => {
    const input: TaskInput = {
      command: 'sh',
      args: ['-c', 'true'],
      env: { FIRST: '1', SECOND: '2', ABSENT: undefined },
      files: { 'a.txt': 'text', 'b.bin': Uint8Array.of(1) },
      priority: 5,
      output: { mode: 'stream' },
      label: 'mine',
    };
    expect(toTaskBody(input)).toEqual({
      command: 'sh',
      args: ['-c', 'true'],
      env: [
        ['FIRST', '1'],
        ['SECOND', '2'],
      ],
      files: [
        { path: 'a.txt', data: 'text' },
        { path: 'b.bin', data: Uint8Array.of(1) },
      ],
      priority: 5,
      output: { mode: 'stream' },
      label: 'mine',
    });
  });

  it('may have its environment as pairs and its files as an array already', () => {
    const env = [['NAME', 'value']] as const;
    const files = [{ path: 'run.sh', data: 'true', mode: 0o755 }];
    expect(toTaskBody({ command: 'sh', env, files })).toEqual({ command: 'sh', env, files });
  });

  it('loses the fields that the protocol does not know', () => {
    expect(toTaskBody({ command: 'true', onExit: () => {} } as TaskInput)).toEqual({ command: 'true' });
  });

  it('leaves the judgement of values to the sidecar', () => {
    const body = { command: '', limits: { timeoutMs: -5 }, priority: 1_000 };
    expect(toTaskBody(body)).toEqual(body);
  });

  it.each([
    [null, 'batch[2]', 'an object, not null'],
    [{ command: undefined }, 'batch[2].command', 'a string, not undefined'],
    [{ command: 'x', env: 'A=B' }, 'batch[2].env', 'an object or an array of pairs, not string'],
    [{ command: 'x', files: 7 }, 'batch[2].files', 'an object from path to content or an array, not number'],
  ])('is refused where it is %o, and the field is named', (input, field, expected) => {
    expect(() => toTaskBody(input as never, 'batch[2]')).toThrow(
      expect.objectContaining({ code: 'invalid_argument', field, message: `${field} must be ${expected}` }),
    );
  });
});
