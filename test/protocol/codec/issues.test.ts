import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeIssues, firstField, withReasons } from '../../../protocol/index.js';

function errorOf(schema: z.ZodType, value: unknown): z.ZodError {
  const { error } = schema.safeParse(value, withReasons);
  expect(error).toBeDefined();
  return error!;
}

const describeField = (schema: z.ZodType, value: unknown) =>
  describeIssues(errorOf(z.object({ field: schema }), { field: value }), '');

describe('the first issue in one line', () => {
  test.each([
    ['a wrong type', z.string(), 5, 'field: must be a str, got 5'],
    ['a map for a str', z.string(), { a: 1 }, 'field: must be a str, got a map with "a"'],
    ['an empty map for a bool', z.boolean(), {}, 'field: must be a bool, got an empty map'],
    ['an array for a map', z.object({}), [1, 2], 'field: must be a map, got an array of 2'],
    ['bin for an array', z.array(z.string()), new Uint8Array(3), 'field: must be an array, got bin of 3 bytes'],
    ['nil', z.number(), null, 'field: must be a number, got nil'],
    ['a missing field', z.string(), undefined, 'field: is missing, must be a str'],
    ['one of several words', z.enum(['a', 'b']), 'c', 'field: must be one of "a", "b", got "c"'],
    ['the only word', z.literal('a'), 'c', 'field: must be "a", got "c"'],
    ['too short a str', z.string().min(1), '', 'field: must have at least 1 character, got ""'],
    ['too short an array', z.array(z.int()).min(2), [1], 'field: must have at least 2 elements, got an array of 1'],
    ['too long an array', z.array(z.int()).max(1), [1, 2], 'field: must have at most 1 element, got an array of 2'],
    ['a message of the schema', z.int({ error: 'must be odd' }), 'x', 'field: must be odd, got "x"'],
    [
      'unknown fields',
      z.strictObject({}),
      { b: 1, c: 2 },
      'field: must not have the unknown fields b, c, got a map with "b", "c"',
    ],
  ])('names %s', (_, schema, value, message) => {
    expect(describeField(schema, value)).toBe(message);
  });

  test('shortens long values', () => {
    expect(describeField(z.int(), 'x'.repeat(41))).toBe(
      `field: must be a number, got "${'x'.repeat(40)}"… (41 characters)`,
    );
    expect(describeField(z.int(), { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 })).toContain('"d", "e", …');
  });

  test('shows control characters escaped', () => {
    expect(describeField(z.int(), 'a\n\u001b[31m')).toContain('"a\\n\\u001b[31m"');
  });

  test('says how many other fields are wrong, each counted once', () => {
    const schema = z.object({ a: z.int().min(1).max(0), b: z.string(), c: z.array(z.string()) });
    expect(describeIssues(errorOf(schema, { a: 0.5, b: 1, c: [1, 2] }), '')).toMatch(
      /^a: .* \(and 3 more fields are wrong\)$/,
    );
    expect(describeIssues(errorOf(schema.omit({ a: true }), { b: 1, c: [1] }), '')).toMatch(
      /\(and 1 more field is wrong\)$/,
    );
  });

  test('names the field of a union that is told by one field, and the value of that field', () => {
    const schema = z.discriminatedUnion(
      'what',
      [z.object({ what: z.literal('a') }), z.object({ what: z.literal('b') })],
      {
        error: 'must be "a" or "b"',
      },
    );
    expect(describeIssues(errorOf(schema, { what: 'c' }), 'query')).toBe('query.what: must be "a" or "b", got "c"');
    expect(describeIssues(errorOf(schema, {}), 'query')).toBe('query.what: is missing, must be "a" or "b"');
  });

  test('of an error that was made without reasons is its own message', () => {
    const { error } = z.object({ a: z.string() }).safeParse({ a: 1 });
    expect(describeIssues(error!, 'config')).toBe(`config.a: ${error!.issues[0]!.message}`);
  });
});

describe('the path of a field', () => {
  const schema = z.object({ env: z.array(z.tuple([z.string(), z.string()])) });
  const error = errorOf(schema, {
    env: [
      ['A', 'a'],
      ['B', 2],
    ],
  });

  test('has brackets for positions and dots for names', () => {
    expect(firstField(error)).toBe('env[1][1]');
  });

  test('follows the root', () => {
    expect(describeIssues(error, 'submit')).toMatch(/^submit\.env\[1\]\[1\]: /);
  });

  test('of the value itself is the root, or nothing', () => {
    const whole = errorOf(schema, 5);
    expect(firstField(whole)).toBe('');
    expect(describeIssues(whole, 'task')).toBe('task: must be a map, got 5');
    expect(describeIssues(whole, '')).toBe('must be a map, got 5');
  });
});
