import { expect } from 'vitest';
import type { EnforcementTable, LimitWarning, TaskResult } from '../../../protocol/index.js';
import type { Expected } from './program.js';

/** Asserts that a result is the one that is expected, with its evidence, its warnings, and an error that says why. */
export function expectVerdict(
  result: TaskResult,
  warnings: readonly LimitWarning[],
  expected: Expected,
  enforcement: EnforcementTable,
): void {
  const { status, exitCode, signal, limit, stdout, error, collected, warnedBelow } = expected;
  const shown = `${text(result.stdout).slice(0, 500)}\n${text(result.stderr).slice(0, 2_000)}\n${result.error?.message}`;
  expect(result.status, shown).toBe(status);
  if (exitCode !== undefined) expect(result.exitCode).toBe(exitCode);
  if (signal !== undefined) expect(result.signal).toBe(signal);
  if (stdout !== undefined) expect(text(result.stdout), shown).toBe(stdout);
  if (collected !== undefined) expect(result.files.map(({ path }) => path).toSorted()).toEqual(collected);
  if (error !== undefined) {
    expect(result.error?.kind).toBe(error.kind);
    expect(result.error?.message).toMatch(error.says);
  }
  if (limit === undefined) {
    expect(result.limitsExceeded).toEqual([]);
    return;
  }
  const enforcedBy = enforcement[limit];
  expect(result.limitsExceeded[0]).toMatchObject({ limit, capacity: result.limits[limit], enforcedBy });
  expect(result.error?.message).toContain(`limits.${limit}`);
  const own = warnings.filter((warning) => warning.limit === limit);
  expect(own.slice(0, 2).map(({ kind }) => kind)).toEqual(['near', 'exhausted']);
  if (warnedBelow !== undefined) expect(own[0]!.observed).toBeLessThan(warnedBelow);
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
