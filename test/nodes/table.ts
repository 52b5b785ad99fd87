import type { SuiteOutcome } from './suite.js';

/** A Node, and how the suite ended under it; or why there is no such Node here. */
export interface Row {
  readonly major: number;
  readonly version: string | null;
  readonly outcome: SuiteOutcome | { readonly unavailable: string };
}

/** A line for each Node, and below them the tests that failed and the versions that were not to be had. */
export function formatTable(rows: readonly Row[]): string {
  const heading = ['node', 'passed', 'failed', 'skipped', 'seconds', 'verdict'];
  const table = [heading, ...rows.map(cells)];
  const widths = heading.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...rows.flatMap(remarks), ''].join('\n');
}

function cells({ major, version, outcome }: Row): string[] {
  if ('unavailable' in outcome) return [`v${major}`, '', '', '', '', 'NOT TESTED'];
  const { passed, failed, skipped, seconds, ok } = outcome;
  return [version ?? `v${major}`, ...[passed, failed, skipped, seconds].map(String), ok ? 'passed' : 'FAILED'];
}

function remarks({ major, version, outcome }: Row): string[] {
  if ('unavailable' in outcome) return ['', `Node ${major} was NOT TESTED: ${outcome.unavailable}`];
  if (outcome.failures.length === 0) return [];
  return ['', `${version} fails:`, ...outcome.failures.map((name) => `  ${name}`)];
}
