import { describe, expect, it } from 'vitest';
import { formatTable } from '../../src/cli/table.js';

describe('a table', () => {
  it('has columns as wide as their widest cell, and no spaces at the ends of lines', () => {
    const table = formatTable(
      ['limit', 'by'],
      [
        ['timeoutMs', 'timer'],
        ['x', ''],
      ],
    );
    expect(table).toBe('limit      by\n─────────  ─────\ntimeoutMs  timer\nx');
  });

  it('may have no rows', () => {
    expect(formatTable(['a', 'bc'], [])).toBe('a  bc\n─  ──');
  });

  it('takes rows that are too short', () => {
    expect(formatTable(['a', 'b'], [['1']])).toBe('a  b\n─  ─\n1');
  });
});
