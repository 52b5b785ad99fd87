import { faultsOf } from './faults.js';
import { type Figures, figureUnits } from './figures.js';
import type { SoakRun } from './soak.js';
import { type Trend, trendOf } from './trend.js';

/** A soak, judged. */
export interface SoakReport {
  readonly minutes: number;
  /** So long at the beginning figures may rise: caches fill, code is compiled, heaps find their size. */
  readonly warmUpMinutes: number;
  readonly run: SoakRun;
  readonly trends: readonly Trend[];
  /** Empty where the soak has passed. */
  readonly faults: readonly string[];
}

const WARM_UP_SHARE = 0.5;
const MAX_WARM_UP_MINUTES = 5;
const MIB = 1_048_576;

/** Judges a soak. @throws RangeError where fewer than two samples came after the warm-up */
export function judge(run: SoakRun): SoakReport {
  const minutes = (run.samples.at(-1)?.atMs ?? 0) / 60_000;
  const warmUpMinutes = Math.min(MAX_WARM_UP_MINUTES, WARM_UP_SHARE * minutes);
  const trends = trendsOf(run, warmUpMinutes);
  const rising = trends.filter(({ verdict }) => verdict === 'rising');
  const faults = [...faultsOf(run), ...rising.map(({ name, unit, drift }) => `${name} rises by ${shown(drift, unit)}`)];
  return { minutes, warmUpMinutes, run, trends, faults };
}

function trendsOf({ samples }: SoakRun, warmUpMinutes: number): Trend[] {
  const warm = samples.filter(({ atMs }) => atMs / 60_000 >= warmUpMinutes);
  return Object.entries(figureUnits).map(([name, unit]) => {
    const points = warm.map((sample) => ({ x: sample.atMs / 60_000, y: sample[name as keyof Figures] }));
    return trendOf({ name, unit, points });
  });
}

/** A report for people. */
export function formatReport({ minutes, warmUpMinutes, run, trends, faults }: SoakReport): string {
  const { tally, statistics, backend, samples } = run;
  const turns = Object.values(run.turns).reduce((sum, count) => sum + count, 0);
  return [
    `${minutes.toFixed(1)} minutes under ${backend}: ${turns} turns, ${tally.sent} tasks sent, ${statistics.completed} ended`,
    `  ${counts(statistics.byStatus)}`,
    `  ${statistics.cacheHits} cache hits, ${tally.unsent} cancelled unsent, ${tally.abandoned} abandoned`,
    '',
    `${samples.length} samples; slopes after ${warmUpMinutes.toFixed(1)} minutes, with bounds of 99 % confidence`,
    trendTable(trends),
    '',
    `at rest before: ${counts(run.rest.before)}`,
    `at rest after:  ${counts(run.rest.after)}`,
    `left in the end: ${counts(Object.fromEntries(Object.entries(run.remains).map(([name, all]) => [name, all.length])))}`,
    '',
    ...(faults.length === 0
      ? ['passed']
      : [`failed, ${faults.length} faults:`, ...faults.map((fault) => `  ${fault}`)]),
    '',
  ].join('\n');
}

function trendTable(trends: readonly Trend[]): string {
  const heading = ['figure', 'median', 'slope a minute', 'from', 'to', 'drift', 'tolerated', 'verdict'];
  const rows = trends.map(
    ({ name, unit, median, slopePerMinute: { estimate, low, high }, drift, tolerance, verdict }) => [
      name,
      ...[median, estimate, low, high, drift, tolerance].map((value) => shown(value, unit)),
      verdict,
    ],
  );
  const table = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')}`;
  return table.map(line).join('\n');
}

function shown(value: number, unit: Trend['unit']): string {
  if (unit === 'bytes') return `${(value / MIB).toFixed(2)} MiB`;
  return Number.isInteger(value) ? `${value}` : value.toFixed(3);
}

function counts(record: Readonly<Record<string, number>>): string {
  return Object.entries(record)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
