import { describe, expect, it } from 'vitest';
import { taskLimitsSchema } from '../../protocol/index.js';
import { limitOptions, limitsOf } from '../../src/cli/quantity.js';

describe('the limits of a command line', () => {
  it('have an option each', () => {
    const limits = Object.values(limitOptions).map(({ limit }) => limit);
    expect(limits.sort()).toEqual(Object.keys(taskLimitsSchema.shape).sort());
  });

  it.each([
    ['timeout-ms', '250', { timeoutMs: 250 }],
    ['timeout-ms', '250ms', { timeoutMs: 250 }],
    ['timeout-ms', '2s', { timeoutMs: 2_000 }],
    ['cpu-time-ms', '3m', { cpuTimeMs: 180_000 }],
    ['cpu-time-ms', '1h', { cpuTimeMs: 3_600_000 }],
    ['memory-bytes', '4K', { memoryBytes: 4_096 }],
    ['file-size-bytes', '512M', { fileSizeBytes: 536_870_912 }],
    ['workspace-bytes', '2G', { workspaceBytes: 2_147_483_648 }],
    ['output-bytes', '0', { outputBytes: 0 }],
    ['processes', '5', { processes: 5 }],
  ])('are numbers with their suffixes: --%s %s', (option, text, limits) => {
    expect(limitsOf({ [option]: [text] })).toEqual(limits);
  });

  it('are those of the last option of a kind', () => {
    expect(limitsOf({ processes: ['5', '6'], 'open-files': ['7'] })).toEqual({ processes: 6, openFiles: 7 });
  });

  it('are none where no option is given', () => {
    expect(limitsOf({ env: ['A=1'] })).toEqual({});
  });

  it.each([
    ['timeout-ms', '5K', 'ms, s, m, h'],
    ['timeout-ms', '1.5s', 'ms, s, m, h'],
    ['memory-bytes', '5s', 'K, M, G'],
    ['memory-bytes', '-5', 'K, M, G'],
    ['memory-bytes', '4k', 'K, M, G'],
    ['memory-bytes', '', 'K, M, G'],
    ['memory-bytes', 'M', 'K, M, G'],
    ['memory-bytes', '99999999999G', 'K, M, G'],
    ['memory-bytes', '5constructor', 'K, M, G'],
    ['processes', '5K', 'a whole number, got'],
  ])('are refused with the option, the value and what it takes: --%s %j', (option, text, allowed) => {
    const act = () => limitsOf({ [option]: [text] });
    expect(act).toThrow(`--${option} takes a whole number`);
    expect(act).toThrow(allowed);
    expect(act).toThrow(JSON.stringify(text));
  });
});
