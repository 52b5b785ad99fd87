import { describe, expect, it } from 'vitest';
import { formatBytes, formatMs } from '../../src/cli/human.js';

describe('figures for people', () => {
  it.each([
    [0, '0 ms'],
    [12.4, '12 ms'],
    [999, '999 ms'],
    [1_000, '1.00 s'],
    [61_234, '61.23 s'],
    [null, 'unknown'],
  ])('tell %d ms as %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it.each([
    [0, '0 bytes'],
    [1_023, '1023 bytes'],
    [1_024, '1.0 KiB'],
    [1_572_864, '1.5 MiB'],
    [3 * 1_024 ** 3, '3.0 GiB'],
    [Number.MAX_SAFE_INTEGER, '8192.0 TiB'],
    [null, 'unknown'],
  ])('tell %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
