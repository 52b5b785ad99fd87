import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/** How the suite ended. */
export interface SuiteOutcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  /** Whether vitest was content: no test failed, and nothing went wrong beside the tests. */
  readonly ok: boolean;
  /** The full names of the tests that failed, and the files that could not be run. */
  readonly failures: readonly string[];
}

/** What vitest's JSON reporter writes, as far as it is used here. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const VITEST = 'node_modules/vitest/vitest.mjs';

/**
 * Runs the tests whose paths contain one of `filters`, or all where there is none, with the program `node` of a folder:
 * vitest runs under it, and what the tests start by `process.execPath` or by its name is the same.
 */
export async function runSuite(folder: string, filters: readonly string[]): Promise<SuiteOutcome> {
  const directory = await mkdtemp(join(tmpdir(), 'exec-sidecar-nodes-'));
  try {
    const file = join(directory, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const args = [resolve(VITEST), 'run', '--config', 'test/vitest.config.ts', ...reporters, ...filters];
    const begun = performance.now();
    const exitCode = await exitCodeOf(join(folder, 'node'), args, folder);
    const seconds = Math.round((performance.now() - begun) / 1_000);
    return outcomeOf(await readReport(file), exitCode, seconds);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @param report null where vitest has not come so far as to write one */
export function outcomeOf(report: VitestReport | null, exitCode: number | null, seconds: number): SuiteOutcome {
  if (report === null) {
    return { passed: 0, failed: 0, skipped: 0, seconds, ok: false, failures: [`vitest ended with ${exitCode}`] };
  }
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, testResults } = report;
  return { passed, failed, skipped, seconds, ok: exitCode === 0, failures: testResults.flatMap(failuresIn) };
}

function failuresIn({ name, status, assertionResults }: VitestReport['testResults'][number]): string[] {
  const failures = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName);
  return failures.length === 0 && status === 'failed' ? [name] : failures;
}

function exitCodeOf(program: string, args: readonly string[], folder: string): Promise<number | null> {
  const PATH = `${folder}${delimiter}${process.env.PATH ?? ''}`;
  // Some tasks of the tests are Node programs: a sandbox has to show them this Node.
  const env = { ...process.env, PATH, EXEC_SIDECAR_READ_ONLY_PATHS: folder };
  const child = spawn(program, args, { stdio: 'inherit', env });
  return new Promise((settle, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => settle(exitCode));
  });
}

async function readReport(file: string): Promise<VitestReport | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as VitestReport);
}
