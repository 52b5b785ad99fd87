import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../../../protocol/README.md', import.meta.url), 'utf8');

/** The specification as Markdown. */
export const specification: string = text;

/** The rows of the first table below a heading, each as its cells without backticks. Null where there is no table. */
export function tableBelow(heading: string): string[][] | null {
  const section = sectionOf(heading);
  const lines = section.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  if (first === -1) {
    return null;
  }
  const end = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  return lines.slice(first + 2, end === -1 ? undefined : end).map(cellsOf);
}

function sectionOf(heading: string): string {
  const start = text.search(new RegExp(`^#{2,3} ${heading.replace(/[.*+?^$()|[\]\\]/g, '\\$&')}$`, 'm'));
  if (start === -1) {
    throw new Error(`the specification has no heading "${heading}"`);
  }
  const body = text.slice(text.indexOf('\n', start) + 1);
  const next = body.search(/^#{2,3} /m);
  return next === -1 ? body : body.slice(0, next);
}

function cellsOf(row: string): string[] {
  return row
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''));
}
