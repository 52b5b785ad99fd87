import { describe, expect, it } from 'vitest';
import { UNKNOWN_USAGE } from '../../protocol/index.js';
import { summariseResult } from '../../src/cli/result-summary.js';
import { successfulResult } from '../executor/support/tasks.js';

describe('the summary of a result', () => {
  it('tells how it ended, where the time went, and what was used', () => {
    const result = {
      ...successfulResult(),
      stdoutBytes: 2_048,
      stderrBytes: 10,
      timing: { queuedMs: 1, setupMs: 20, runMs: 3_050, stalledMs: 2_900, collectMs: 0 },
      usage: { ...UNKNOWN_USAGE, cpuMs: 120, memoryPeakBytes: 1_048_576, processPeak: 3 },
    };
    expect(summariseResult(result)).toEqual([
      'success, exit code 0',
      'time: queued 1 ms, setup 20 ms, run 3.05 s, stalled 2.90 s, collect 0 ms',
      'peak: memory 1.0 MiB, processes 3',
      'in all: CPU time 120 ms, stdout 2.0 KiB, stderr 10 bytes',
    ]);
  });

  it('says of a figure that is not known that it is not known', () => {
    const lines = summariseResult({ ...successfulResult(), usage: UNKNOWN_USAGE });
    expect(lines).toContain('peak: memory unknown, processes unknown');
    expect(lines.at(-1)).toContain('CPU time unknown');
  });

  it('names what has ended a command that has no exit code, and the limit that was exceeded', () => {
    const lines = summariseResult({
      ...successfulResult(),
      status: 'outputLimitExceeded',
      exitCode: null,
      signal: 'SIGKILL',
      limitsExceeded: [
        { limit: 'outputBytes', capacity: 10, observed: 12, enforcedBy: 'counter', confidence: 'measured' },
      ],
    });
    expect(lines[0]).toBe('outputLimitExceeded, ended by SIGKILL');
    expect(lines.at(-1)).toBe('limit: outputBytes of 10 exceeded, found 12 (counter, measured)');
  });

  it('says of a command that was never started that it was not', () => {
    const [first] = summariseResult({ ...successfulResult(), status: 'notExecuted', exitCode: null });
    expect(first).toBe('notExecuted, never started');
  });
});
