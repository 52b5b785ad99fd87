import { describe, expect, it } from 'vitest';
import { parseBenchCommand } from './command-line.js';
import { lineOf } from './support/lines.js';

const lines = ['a', 'b', 'c'].map((name) => lineOf({ name }));
const parse = (...args: string[]) => parseBenchCommand(args, lines);

describe('the command line of a bench', () => {
  it('chooses every line where none is named', () => {
    expect(parse()).toEqual({ chosen: lines, json: undefined, quick: false, strict: false, list: false });
  });

  it('chooses the lines that are named, in the order of the table', () => {
    expect(parse('--only', 'c', '--only', 'a').chosen.map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it('takes a file and flags', () => {
    const flags = { json: 'bench.json', quick: true, strict: true, list: true };
    expect(parse('--json', 'bench.json', '--quick', '--strict', '--list')).toMatchObject(flags);
  });

  it.each([
    [['--only', 'd'], '--only takes a, b, c, got d'],
    [['--olny', 'a'], "Unknown option '--olny'"],
    [['a'], "Unexpected argument 'a'"],
  ])('refuses %j and says why', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
