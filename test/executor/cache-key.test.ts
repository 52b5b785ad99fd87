import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EffectiveLimits, Task } from '../../protocol/index.js';
import { cacheKey } from '../../src/executor/cache-key.js';
import { validatedTask } from './support/tasks.js';

function keyOf(task: Partial<Task>, limits: Partial<EffectiveLimits> = {}, policy = 'policy'): string {
  return cacheKey(validatedTask(task, limits), policy);
}

describe('equal tasks', () => {
  it('have the same key in every execution', () => {
    expect(keyOf({ command: 'ls', args: ['-l'] })).toBe(keyOf({ command: 'ls', args: ['-l'] }));
  });

  it('may differ in label, priority, usage events and in whether they ask for the cache', () => {
    expect(keyOf({ label: 'a', priority: 5, usageEventsMs: 10, cache: true })).toBe(keyOf({}));
  });

  it('may name their variables in another order', () => {
    const forwards = keyOf({
      env: [
        ['A', '1'],
        ['B', '2'],
      ],
    });
    const backwards = keyOf({
      env: [
        ['B', '2'],
        ['A', '1'],
      ],
    });
    expect(forwards).toBe(backwards);
  });

  it('may set a variable that a later value overrides', () => {
    const overridden = keyOf({
      env: [
        ['A', '0'],
        ['A', '1'],
      ],
    });
    expect(overridden).toBe(keyOf({ env: [['A', '1']] }));
  });

  it('may bring their files in another order', () => {
    const files = [
      { path: 'a', data: '1' },
      { path: 'b', data: '2' },
    ];
    expect(keyOf({ files })).toBe(keyOf({ files: [...files].reverse() }));
  });

  it('may give the same bytes as text or as binary', () => {
    expect(keyOf({ stdin: 'é' })).toBe(keyOf({ stdin: Buffer.from('é') }));
    expect(keyOf({ files: [{ path: 'a', data: 'é' }] })).toBe(
      keyOf({ files: [{ path: 'a', data: Buffer.from('é') }] }),
    );
  });

  it('may spell out the defaults', () => {
    expect(keyOf({ output: { mode: 'collect', onOverflow: 'kill' }, require: 'any', args: [], env: [] })).toBe(
      keyOf({}),
    );
  });
});

describe('the key tells apart', () => {
  const variants: readonly [string, string][] = [
    ['commands', keyOf({ command: 'false' })],
    ['arguments', keyOf({ args: ['a'] })],
    ['the order of arguments', keyOf({ args: ['a', 'b'] })],
    ['and the other order', keyOf({ args: ['b', 'a'] })],
    ['an empty argument', keyOf({ args: [''] })],
    ['variables', keyOf({ env: [['A', '1']] })],
    ['their values', keyOf({ env: [['A', '2']] })],
    ['files', keyOf({ files: [{ path: 'a', data: '1' }] })],
    ['their content', keyOf({ files: [{ path: 'a', data: '2' }] })],
    ['their mode', keyOf({ files: [{ path: 'a', data: '1', mode: 0o755 }] })],
    ['working directories', keyOf({ cwd: 'a' })],
    ['no stdin and an empty one', keyOf({ stdin: '' })],
    ['stdin', keyOf({ stdin: 'a' })],
    ['limits', keyOf({}, { timeoutMs: 1 })],
    ['CPU rates', keyOf({}, { cpuPercent: 50 })],
    ['output modes', keyOf({ output: { mode: 'discard' } })],
    ['overflow modes', keyOf({ output: { onOverflow: 'truncate' } })],
    ['what is collected', keyOf({ collect: ['a'] })],
    ['what is required', keyOf({ require: 'kernel' })],
    ['sandbox policies', keyOf({}, {}, 'another policy')],
    ['nothing at all', keyOf({})],
  ];

  it.each(variants)('%s', (_what, key) => {
    expect(variants.filter(([, other]) => other === key)).toHaveLength(1);
  });
});

describe('parts that stand side by side', () => {
  it.each<[string, Partial<Task>, Partial<Task>]>([
    ['two arguments and their concatenation', { args: ['a', 'b'] }, { args: ['ab'] }],
    ['a command with an argument and the two in one', { command: 'ls', args: ['-l'] }, { command: 'ls-l' }],
    ['the name and the value of a variable', { env: [['AB', 'C']] }, { env: [['A', 'BC']] }],
    ['an argument and a variable', { args: ['A', '1'] }, { env: [['A', '1']] }],
    ['an argument that imitates the encoding', { args: ['a1:b'] }, { args: ['a', 'b'] }],
    ['an argument and a pattern to collect', { args: ['a'] }, { collect: ['a'] }],
    [
      'the path and the content of a file',
      { files: [{ path: 'ab', data: 'c' }] },
      { files: [{ path: 'a', data: 'bc' }] },
    ],
  ])('are not confused: %s', (_what, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  it('give equal keys for equal argument lists only', () => {
    const word = fc.string({ unit: fc.constantFrom('a', ':', '1', 'arg'), maxLength: 4 });
    const words = fc.array(word, { maxLength: 4 });
    fc.assert(
      fc.property(words, words, (one, other) => {
        expect(keyOf({ args: one }) === keyOf({ args: other })).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});
