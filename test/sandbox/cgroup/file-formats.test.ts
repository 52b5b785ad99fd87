import { describe, expect, it } from 'vitest';
import {
  parseFlatKeyed,
  parseNumber,
  parsePids,
  parseWords,
  sumNestedKeyed,
} from '../../../src/sandbox/cgroup/file-formats.js';

describe('the formats of cgroup files', () => {
  it('reads a number, and nothing for what is not one', () => {
    expect(['42\n', '0', 'max\n', '', '-1\n', '1.5'].map(parseNumber)).toEqual([42, 0, null, null, null, null]);
  });

  it('reads flat-keyed lines and leaves out what has no number', () => {
    const text = 'usage_usec 12\nuser_usec 7\n\nlimit max\nlonely\n under_oom 0\n';
    expect([...parseFlatKeyed(text)]).toEqual([
      ['usage_usec', 12],
      ['user_usec', 7],
    ]);
  });

  it('sums nested-keyed lines over devices', () => {
    const text = '8:16 rbytes=10 wbytes=1 rios=2\n8:0 rbytes=5 wbytes=0 rios=1\n253:0 \n';
    expect([...sumNestedKeyed(text)]).toEqual([
      ['rbytes', 15],
      ['wbytes', 1],
      ['rios', 3],
    ]);
  });

  it('reads process ids and words', () => {
    expect(parsePids('12\n0\n7\n')).toEqual([12, 0, 7]);
    expect(parsePids('')).toEqual([]);
    expect(parseWords('cpu io  memory\n')).toEqual(['cpu', 'io', 'memory']);
    expect(parseWords('\n')).toEqual([]);
  });
});
