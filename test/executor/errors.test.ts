import { describe, expect, it } from 'vitest';
import { wireErrorSchema } from '../../protocol/index.js';
import { ExecutorError, toWireError } from '../../src/executor/errors.js';
import { SandboxError } from '../../src/sandbox/errors.js';

describe('an error on its way to the host', () => {
  it.each([
    new ExecutorError('resource', 'memory_budget', 'too much', { budget: 5 }),
    new SandboxError('security', 'memory_budget', 'too much', { budget: 5 }),
  ])('keeps its kind, its code, its message and its details: $name', (error) => {
    expect(toWireError(error)).toEqual({
      kind: error.kind,
      message: 'too much',
      details: { code: 'memory_budget', budget: 5 },
    });
  });

  it.each([[new TypeError('x is undefined')], ['x is undefined']])('is internal where it is not ours: %s', (error) => {
    expect(toWireError(error)).toEqual({
      kind: 'execution',
      message: 'internal error: x is undefined',
      details: { code: 'internal' },
    });
  });

  it('stays small, however much of the task it quotes', () => {
    const huge = 'x'.repeat(10_000_000);
    const error = new SandboxError('execution', 'command_not_found', `command: ${huge}`, { command: huge, list: [1] });
    const wireError = toWireError(error);
    expect(wireErrorSchema.parse(wireError)).toEqual(wireError);
    expect(JSON.stringify(wireError).length).toBeLessThan(10_000);
    expect(wireError.message).toMatch(/^command: x+… \(10000009 characters\)$/);
    expect(wireError.details).toMatchObject({ code: 'command_not_found', list: [1] });
  });
});
