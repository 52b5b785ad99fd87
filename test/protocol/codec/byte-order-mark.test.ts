import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../../protocol/index.js';
import { utf8 } from '../support/bytes.js';

const MARK = '\uFEFF';

function roundTrip(body: object): unknown {
  const [frame] = [...new FrameReader().push(encodeFrame({ type: 'x-a', id: 1, body }))];
  return frame?.body;
}

describe('a byte order mark at the front of a string', () => {
  test.each([0, 1, 30, 196, 197, 198, 199, 200, 70_000])('is kept before %i characters', (length) => {
    const text = MARK + 'x'.repeat(length);
    expect(roundTrip({ text })).toEqual({ text });
  });

  test('is kept once for each time it stands there', () => {
    const text = MARK.repeat(3) + 'x'.repeat(300);
    expect(roundTrip({ text })).toEqual({ text });
  });

  test('changes nothing about the other values of the frame', () => {
    const body = {
      files: [
        { path: 'a.txt', data: `${MARK}${'line\r\n'.repeat(100)}` },
        { path: 'b.bin', data: utf8(`${MARK}${'x'.repeat(300)}`) },
        { path: '', data: new Uint8Array(0) },
      ],
      env: [
        ['EMPTY', ''],
        ['LANG', 'ж'.repeat(150)],
      ],
      nested: { nil: null, yes: true, number: -1.5, list: [] },
    };
    expect(roundTrip(body)).toEqual(body);
  });
});
