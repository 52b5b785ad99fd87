import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../report.js';

/** The built runner, which the tests of this folder drive. */
export const RUNNER = fileURLToPath(new URL('../../../dist/programs/conformance/main.mjs', import.meta.url));

export const TRANSCRIPTS = fileURLToPath(new URL('../../../protocol/transcripts', import.meta.url));

export interface RunnerOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined where the runner has written none. */
  readonly report: Report | undefined;
}

/** Runs the runner to its end. */
export async function runConformance(args: readonly string[], command: readonly string[] = []): Promise<RunnerOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'exec-sidecar-test-'));
  const json = join(folder, 'report.json');
  const all = [RUNNER, ...args, '--json', json, ...(command.length === 0 ? [] : ['--', ...command])];
  try {
    const outcome = await new Promise<Omit<RunnerOutcome, 'report'>>((resolve) => {
      execFile(process.execPath, all, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
    return { ...outcome, report: await readReport(json) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A report that the runner has written; undefined where there is none, or it is being written. */
export async function readReport(path: string): Promise<Report | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.endsWith('}\n') ? (JSON.parse(text) as Report) : undefined;
}

/** What failed, for an assertion that shows it. */
export function failuresIn(report: Report | undefined): string[] {
  const failed = report?.transcripts.filter(({ passed }) => !passed) ?? [];
  return failed.map(({ name, line, reason }) => `${name}.jsonl, line ${line}: ${reason}`);
}
