import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resultLine } from '../../src/cli/result-line.js';
import { successfulResult } from '../executor/support/tasks.js';

/** What a reader makes of the bytes in a line. */
function bytesOf(value: string | { base64: string }): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.base64, 'base64');
}

describe('the line of a result', () => {
  it('is one line of JSON that says which line it answers', () => {
    const line = resultLine(7, successfulResult({ stdout: Buffer.from('a\nb\n'), label: 'mine' }));
    expect(line.match(/\n/g)).toHaveLength(1);
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ line: 7, status: 'success', stdout: 'a\nb\n', stderr: '', label: 'mine' });
  });

  it.each([Buffer.from('é'), new Uint8Array(Buffer.from('é'))])('has text for bytes that are UTF-8: %s', (stdout) => {
    expect(JSON.parse(resultLine(1, successfulResult({ stdout })))).toMatchObject({ stdout: 'é' });
  });

  it.each([Buffer.of(0xff, 0x00), Uint8Array.of(0xff, 0x00)])('has base64 for bytes that are not: %s', (stdout) => {
    expect(JSON.parse(resultLine(1, successfulResult({ stdout })))).toMatchObject({ stdout: { base64: '/wA=' } });
  });

  it('has the files with their content', () => {
    const files = [
      { path: 'a', data: Buffer.from('text') },
      { path: 'b', data: Uint8Array.of(0x80) },
    ];
    expect(JSON.parse(resultLine(1, successfulResult({ files }))).files).toEqual([
      { path: 'a', data: 'text' },
      { path: 'b', data: { base64: 'gA==' } },
    ]);
  });

  it('loses no byte of any output', () => {
    const output = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.string({ unit: 'binary' }).map((text) => new Uint8Array(Buffer.from(text))),
      fc.constant(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)),
    );
    fc.assert(
      fc.property(output, (stdout) => {
        const line = JSON.parse(resultLine(1, successfulResult({ stdout })));
        expect(bytesOf(line.stdout)).toEqual(Buffer.from(stdout));
      }),
    );
  });
});
