import { describe, expect, it } from 'vitest';
import { EXECUTABLE } from '../end-to-end/support/executable.js';
import { failuresIn, runConformance } from './support/runner.js';

const COMMAND = [process.execPath, EXECUTABLE, 'serve', '--sandbox', 'process'];

describe('the sidecar', () => {
  it('does in every transcript what the specification says', async () => {
    const { exitCode, stdout, report } = await runConformance(['--patience', '3'], COMMAND);
    expect(failuresIn(report)).toEqual([]);
    expect(report!.passed).toBeGreaterThan(90);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${report!.passed} passed, 0 failed`);
  }, 240_000);
});
