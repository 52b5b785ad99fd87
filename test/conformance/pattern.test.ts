import { describe, expect, it } from 'vitest';
import type { Json } from './json.js';
import { mismatch } from './pattern.js';

const bin = (text: string) => new Uint8Array(Buffer.from(text));

const frame = ['result', 7, { status: 'success', stdout: bin('abc'), nothing: null, list: [1, 'two'], n: 5 }];

describe('a pattern', () => {
  it.each<[string, Json]>([
    ['a type', ['result']],
    ['a type and an id', ['result', 7]],
    ['fields of the body', ['result', 7, { status: 'success', nothing: null }]],
    ['kinds', ['result', { $is: 'int' }, { status: { $is: 'str' }, stdout: { $is: 'bin' }, list: { $is: 'array' } }]],
    ['what is not there', ['result', 7, { other: { $is: 'absent' } }]],
    ['a range', ['result', { $min: 7, $max: 7 }, { n: { $min: 5 } }]],
    ['bytes by text, hex and length', ['result', 7, { stdout: { $text: 'abc' } }]],
    ['bytes by hex', ['result', 7, { stdout: { $bytes: '616263' } }]],
    ['bytes by length', ['result', 7, { stdout: { $length: { $min: 3, $max: 3 } } }]],
    ['a part of a text', ['result', 7, { status: { $contains: 'cces' }, stdout: { $contains: 'bc' } }]],
    ['elements', ['result', 7, { list: { $has: ['two'] } }]],
    ['alternatives', ['result', 7, { status: { $oneOf: ['failure', 'success'] } }]],
    ['a negation', ['result', 7, { status: { $not: 'failure' } }]],
  ])('matches %s', (_, pattern) => {
    expect(mismatch(pattern, frame, new Map())).toBeNull();
  });

  it.each<[Json, string]>([
    [['accepted'], 'type must be "accepted", got "result"'],
    [['result', 8], 'id must be 8, got 7'],
    [['result', 7, { status: 'failure' }], 'body.status must be "failure", got "success"'],
    [['result', 7, { exitCode: null }], 'body.exitCode must be null, got nothing'],
    [['result', 7, { n: { $is: 'str' } }], 'body.n must be str, got 5'],
    [['result', 7, { nothing: { $is: 'int' } }], 'body.nothing must be int, got null'],
    [['result', 7, { n: { $min: 6 } }], 'body.n must be a number from 6 to Infinity, got 5'],
    [['result', 7, { status: { $is: 'absent' } }], 'body.status must be absent, got "success"'],
    [['result', 7, { stdout: { $text: 'abd' } }], 'body.stdout must be {"$bytes":"616264"}'],
    [['result', 7, { list: [1] }], 'body.list must be an array of 1'],
    [['result', 7, { list: [1, 2] }], 'body.list[1] must be 2, got "two"'],
    [['result', 7, { list: { $has: [3] } }], 'body.list must be an array that has 3'],
    [['result', 7, { status: { $not: 'success' } }], 'body.status must be anything but "success"'],
    [['result', 7, { status: { $oneOf: [1, 2] } }], 'body.status must be one of [1,2]'],
    [['result', 7, { n: { a: 1 } }], 'body.n must be a map, got 5'],
    [['result', 7, {}, null], 'it must be an array of 4'],
  ])('%j tells what differs', (pattern, reason) => {
    expect(mismatch(pattern, frame, new Map())).toContain(reason);
  });

  it('captures what later patterns refer to', () => {
    const captures = new Map();
    expect(mismatch(['result', { $capture: 'id', is: { $min: 1 } }], frame, captures)).toBeNull();
    expect(captures.get('id')).toBe(7);
    expect(mismatch(['result', { $ref: 'id' }], frame, captures)).toBeNull();
    expect(mismatch(['result', { $ref: 'id' }], ['result', 8, {}], captures)).toBe('id must be 7, got 8');
  });

  it('captures nothing where another part does not match', () => {
    const captures = new Map();
    expect(mismatch(['result', { $capture: 'id' }, { status: 'failure' }], frame, captures)).not.toBeNull();
    expect(captures.size).toBe(0);
  });

  it('that is wrong itself is an error', () => {
    expect(() => mismatch([{ $like: 'x' }], frame, new Map())).toThrow('the tag $like is not known');
    expect(() => mismatch([{ $is: 'text' }], frame, new Map())).toThrow('text');
    expect(() => mismatch([{ $ref: 'id' }], frame, new Map())).toThrow('nothing was captured as "id"');
  });
});
