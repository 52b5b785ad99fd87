import type { LimitWarning, QueueSnapshot, TaskStatus } from '../../../protocol/index.js';
import type { RunResult } from '../results.js';

/** A task that has ended, and how it was meant to. */
export interface Shown {
  readonly label: string;
  readonly result: RunResult;
  readonly ends: TaskStatus;
}

const GIST_CHARACTERS = 72;

export function heading(text: string): string {
  return `\n── ${text} ${'─'.repeat(Math.max(0, 76 - text.length))}`;
}

/** A task as it ends: one line. */
export function resultRow({ label, result, ends }: Shown): string {
  const mark = result.status === ends ? '·' : '!';
  return `${mark} ${label.padEnd(24)} ${result.status.padEnd(22)} ${gist(result)}`;
}

export function warningLine({ limit, kind, observed, capacity, fillPercent, configKey }: LimitWarning): string {
  return `  ⚠ ${limit} is ${kind}: ${observed} of ${capacity} (${fillPercent} %), raised by ${configKey}`;
}

/** How many tasks ended in which way, and how long they took together. */
export function resultTable(all: readonly Shown[]): string {
  const statuses = [...new Set(all.map(({ result }) => result.status))];
  const rows = statuses.map((status) => {
    const results = all.filter(({ result }) => result.status === status).map(({ result }) => result);
    return [
      status,
      String(results.length),
      milliseconds(results.map(({ timing }) => timing.queuedMs)),
      milliseconds(results.map(({ timing }) => timing.runMs)),
    ];
  });
  return table(['status', 'tasks', 'waited', 'ran'], rows);
}

/** How often each limit warned in which way. */
export function warningTable(warnings: readonly LimitWarning[]): string {
  const limits = [...new Set(warnings.map(({ limit }) => limit))].sort();
  const times = (limit: string, kind: LimitWarning['kind']) =>
    String(warnings.filter((warning) => warning.limit === limit && warning.kind === kind).length);
  const rows = limits.map((limit) => [
    limit,
    times(limit, 'near'),
    times(limit, 'exhausted'),
    times(limit, 'recovered'),
  ]);
  return table(['limit', 'near', 'exhausted', 'recovered'], rows);
}

export function queueTable(queues: readonly QueueSnapshot[]): string {
  const rows = queues.map(({ name, unit, capacity, depth, highWater, enqueued, parkedCount }) =>
    [name, unit, capacity, depth, highWater, enqueued, parkedCount].map(String),
  );
  return table(['queue', 'unit', 'capacity', 'depth', 'high water', 'enqueued', 'parked'], rows);
}

/** The most telling thing about a result, on one line. */
function gist({ stdout, stderr, error, exitCode, signal, files }: RunResult): string {
  const file = files.at(-1);
  const texts = [
    error?.message,
    file && `${file.path}: ${Buffer.from(file.data).toString()}`,
    stdout,
    stderr,
    signal ? `ended by ${signal}` : `exit code ${exitCode}`,
  ];
  const text = texts.find((candidate) => candidate !== undefined && candidate.trim() !== '') ?? '';
  const line = text.trim().replace(/[^\x20-\x7e]+/g, ' ');
  return line.length <= GIST_CHARACTERS ? line : `${line.slice(0, GIST_CHARACTERS - 1)}…`;
}

function milliseconds(values: readonly number[]): string {
  return `${values.reduce((sum, value) => sum + value, 0)} ms`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return [titles, ...rows].map(line).join('\n');
}
