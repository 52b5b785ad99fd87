import type { Comparison } from './judge.js';
import type { Goal, Unit } from './line.js';
import type { Spread } from './spread.js';

const HEADING = ['line', 'figure', 'sidecar', 'against', 'peer', 'ratio', 'goal', ''];

/** The comparisons for people: medians, with the least and the greatest in parentheses. */
export function formatTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ line, figure, unit, ours, peer, theirs, ratio, goal, verdict }) => [
    line,
    `${figure}, ${unit}`,
    shown(ours, unit),
    peer ?? '',
    peer === undefined ? '' : shown(theirs, unit),
    peer === undefined ? '' : shown(ratio, 'ratio'),
    goal === undefined ? '' : goalText(goal, unit),
    verdict ?? '',
  ]);
  const table = [HEADING, ...rows];
  const widths = HEADING.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function shown(spread: Spread | undefined, unit: Unit): string {
  if (spread === undefined) return 'not measured';
  const { median, min, max } = spread;
  const text = (value: number) => numberText(value, unit);
  return min === max ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;
}

function numberText(value: number, unit: Unit): string {
  if (unit === 'ratio') return `${value.toFixed(2)}×`;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value === 0 ? '0' : value.toFixed(digits);
}

function goalText({ against, atLeast, atMost }: Goal, unit: Unit): string {
  const [sign, bound] = atLeast === undefined ? ['≤', atMost] : ['≥', atLeast];
  return against === undefined && unit !== 'ratio' ? `${sign} ${bound} ${unit}` : `${sign} ${bound}×`;
}
