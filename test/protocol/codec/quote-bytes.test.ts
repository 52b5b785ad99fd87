import { expect, test } from 'vitest';
import { quoteBytes } from '../../../protocol/codec/quote-bytes.js';
import { fromHex, utf8 } from '../support/bytes.js';

test('printable ASCII is shown as it is', () => {
  expect(quoteBytes(utf8('Hello, world~ '))).toBe('"Hello, world~ "');
});

test('everything else is escaped, so that quotes, line ends and terminal sequences do no harm', () => {
  expect(quoteBytes(utf8('a"b\\c\n\r\t'))).toBe('"a\\"b\\\\c\\n\\r\\t"');
  expect(quoteBytes(fromHex('00 1b5b 7f c3a9 ff'))).toBe('"\\x00\\x1b[\\x7f\\xc3\\xa9\\xff"');
});

test('only the first 64 bytes are shown', () => {
  expect(quoteBytes(utf8('x'.repeat(65)))).toBe(`"${'x'.repeat(64)}"`);
});

test('no bytes are an empty quotation', () => {
  expect(quoteBytes(new Uint8Array(0))).toBe('""');
});
