import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import type { Logger } from '../tracking/index.js';
import type { ProcessIdentity } from './process-entry.js';

/** A command that runs, or ran when the sidecar died. */
export interface LedgerEntry extends ProcessIdentity {
  readonly executionId: string;
}

type LedgerLine = (
  | { readonly started: LedgerEntry }
  | { readonly ended: string }
  | { readonly cgroups: readonly string[] }
) & { readonly at: number };

/** The file is rewritten with what still runs when it holds so many lines that are of no use any more. */
const MAX_STALE_LINES = 2_048;

/**
 * Writes down every command when it starts and when it is gone, so that whoever finds the file of a sidecar that died
 * knows what to look for. Written synchronously: what runs is on record before anything else happens.
 */
export class Ledger {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #running = new Map<string, LedgerEntry>();
  #cgroups: readonly string[] = [];
  #descriptor: number;
  #lines = 0;

  /** @throws where the file cannot be made */
  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
    this.#descriptor = openSync(path, 'ax', 0o600);
  }

  /** The directories of the cgroups that this instance may make. */
  cgroups(directories: readonly string[]): void {
    this.#cgroups = directories;
    this.#append({ at: Date.now(), cgroups: directories });
  }

  started(entry: LedgerEntry): void {
    this.#running.set(entry.executionId, entry);
    this.#append({ at: Date.now(), started: entry });
  }

  /** What was started under another id is the command of this execution from now on. */
  handedOn(from: string, entry: LedgerEntry): void {
    this.#running.delete(from);
    this.#running.set(entry.executionId, entry);
    this.#append({ at: Date.now(), started: entry }, { at: Date.now(), ended: from });
  }

  ended(executionId: string): void {
    if (!this.#running.delete(executionId)) return;
    this.#append({ at: Date.now(), ended: executionId });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** A full disk must not end a task that runs: its processes are found by their markers all the same. */
  #append(...lines: readonly LedgerLine[]): void {
    try {
      if (this.#lines >= this.#running.size + MAX_STALE_LINES) this.#rewrite();
      else writeSync(this.#descriptor, textOf(lines));
      this.#lines += lines.length;
    } catch (error) {
      this.#logger.warn({ err: error, path: this.#path }, 'the ledger of running commands could not be written');
    }
  }

  #rewrite(): void {
    const at = Date.now();
    const running = Array.from(this.#running.values(), (started): LedgerLine => ({ at, started }));
    const lines = [{ at, cgroups: this.#cgroups }, ...running];
    writeFileSync(`${this.#path}.new`, textOf(lines), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#path, 'a', 0o600);
    this.#lines = lines.length;
  }
}

function textOf(lines: readonly LedgerLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** What a ledger has as still there: the commands that were started and did not end, and the cgroups. */
export interface LedgerRecord {
  readonly running: readonly LedgerEntry[];
  readonly cgroups: readonly string[];
}

/** Reads a ledger. A line that was cut off by a crash is passed over. */
export function readLedger(path: string): LedgerRecord {
  const running = new Map<string, LedgerEntry>();
  let cgroups: readonly string[] = [];
  for (const text of readText(path).split('\n')) {
    const line = parseLine(text);
    if (line === null) continue;
    if ('started' in line) running.set(line.started.executionId, line.started);
    else if ('ended' in line) running.delete(line.ended);
    else cgroups = line.cgroups;
  }
  return { running: [...running.values()], cgroups };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function parseLine(text: string): LedgerLine | null {
  try {
    const line: unknown = JSON.parse(text);
    return isLedgerLine(line) ? line : null;
  } catch {
    return null;
  }
}

function isLedgerLine(line: unknown): line is LedgerLine {
  if (typeof line !== 'object' || line === null) return false;
  if ('ended' in line) return typeof line.ended === 'string';
  if ('cgroups' in line) return Array.isArray(line.cgroups) && line.cgroups.every((path) => typeof path === 'string');
  if (!('started' in line) || typeof line.started !== 'object' || line.started === null) return false;
  return 'executionId' in line.started && 'pid' in line.started && 'startTime' in line.started;
}
