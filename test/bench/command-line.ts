import { parseArgs } from 'node:util';
import type { Line } from './line.js';

/** What `npm run bench` was asked for. */
export interface BenchCommand {
  /** The lines to be measured, in the order of the table. */
  readonly chosen: readonly Line[];
  /** Where all samples go as JSON. */
  readonly json: string | undefined;
  /** Whether the bench itself is only tried out. */
  readonly quick: boolean;
  /** Whether a goal that is missed is a failure. */
  readonly strict: boolean;
  /** Whether the lines are only to be named. */
  readonly list: boolean;
}

export const USAGE = 'npm run bench -- [--only LINE]... [--json FILE] [--quick] [--strict] [--list]';

/** @throws TypeError naming the option, its value and what it takes */
export function parseBenchCommand(args: readonly string[], lines: readonly Line[]): BenchCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const { only, json, ...flags } = values;
  const names = lines.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`--only takes ${names.join(', ')}, got ${unknown}`);
  return { ...flags, json, chosen: lines.filter(({ name }) => only?.includes(name) ?? true) };
}
