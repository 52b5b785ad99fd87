import { isAbsolute, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInside } from '../../src/sandbox/inside.js';

const segments = fc.array(fc.constantFrom('a', 'ab', 'b', '.', '..', '', '.a', '..a', 'a.'), { maxLength: 5 });
const paths = segments.map((names) => `/${names.join('/')}`);

describe('whether a path is inside a directory', () => {
  it.each([
    ['/usr', '/usr', true],
    ['/usr', '/usr/bin', true],
    ['/usr', '/usrlocal', false],
    ['/usr/bin', '/usr', false],
    ['/usr', '/usr/../etc', false],
    ['/usr/', '/usr/bin', true],
    ['/', '/usr', true],
    ['/usr', '/usr/..hidden', true],
  ])('%s and %s: %s', (directory, path, expected) => {
    expect(isInside(directory, path)).toBe(expected);
  });

  it('is what the way from one to the other tells', () => {
    fc.assert(
      fc.property(paths, paths, (directory, path) => {
        const way = relative(directory, path);
        expect(isInside(directory, path)).toBe(way !== '..' && !way.startsWith('../') && !isAbsolute(way));
      }),
      { numRuns: 2_000 },
    );
  });
});
