import type { Comparison } from './judge.js';
import type { Goal, Unit } from './line.js';
import type { Spread } from './spread.js';

const HEADING = ['line', 'figure', 'sidecar', 'against', 'peer', 'ratio', 'goal', ''];

/** The comparisons for people: medians, with the least and the greatest in parentheses. */
export function formatTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ line, figure, unit, ours, peer, goal, verdict }) => [
    ...[line, figure, spreadText(ours, unit)],
    ...(peer ? [peer.name, spreadText(peer.theirs, unit), spreadText(peer.ratio, 'ratio')] : ['', '', '']),
    goal ? goalText(goal, unit) : '',
    verdict ?? '',
  ]);
  const table = [HEADING, ...rows];
  const widths = HEADING.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ');
  return table.map((row) => line(row).trimEnd()).join('\n');
}

function spreadText(spread: Spread | undefined, unit: Unit): string {
  if (spread === undefined) return '–';
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => numberText(value, unit));
  const range = min === max ? '' : ` (${min}–${max})`;
  return `${median}${suffixes[unit]}${range}`;
}

function goalText({ against, atLeast, atMost }: Goal, unit: Unit): string {
  const [sign, bound] = atLeast === undefined ? ['≤', atMost] : ['≥', atLeast];
  return `${sign} ${bound}${suffixes[against === undefined ? unit : 'ratio']}`;
}

const suffixes: Readonly<Record<Unit, string>> = {
  'per second': '/s',
  ms: ' ms',
  MiB: ' MiB',
  'MiB per second': ' MiB/s',
  '%': ' %',
  ratio: ' ×',
};

/** Three digits that count, as far as there are fractions. */
function numberText(value: number, unit: Unit): string {
  if (value === 0) return '0';
  const digits = unit === 'ratio' ? 2 : Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.01))));
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
