/** The value of a file that holds one number; null for `max` and for anything that is not a number. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) : null;
}

/** The lines `key value` of a flat-keyed file such as `cpu.stat` or `memory.events`; values that are no numbers are left out. */
export function parseFlatKeyed(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    const value = parseNumber(line.slice(space + 1));
    if (space > 0 && value !== null) values.set(line.slice(0, space), value);
  }
  return values;
}

/** The sums per key over the lines `device key=value …` of a nested-keyed file such as `io.stat`. */
export function sumNestedKeyed(text: string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [, key, value] of text.matchAll(/(\w+)=(\d+)/g)) {
    sums.set(key!, (sums.get(key!) ?? 0) + Number(value));
  }
  return sums;
}

/** The process ids of a `cgroup.procs`. A 0 stands for a process that this PID namespace does not see. */
export function parsePids(text: string): number[] {
  return text.split('\n').filter(Boolean).map(Number);
}

/** The words of a file such as `cgroup.controllers`. */
export function parseWords(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
