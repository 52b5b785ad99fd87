import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { type CliOutcome, cli, type RunningCli, startCli } from './support/cli.js';
import { EXECUTABLE } from './support/executable.js';
import { runInTerminal } from './support/terminal.js';

interface ResultLine {
  readonly line: number;
  readonly status: string;
  readonly label?: string;
  readonly stdout?: unknown;
  readonly exitCode?: number | null;
  readonly error?: { readonly kind: string; readonly message: string };
}

describe('exec-sidecar run --batch', () => {
  const folder = useTemporaryFolder();

  it('answers every line that is not blank with one line that names it, whatever the line holds', async () => {
    const lines = [
      '{"command": "sh", "args": ["-c", "echo hi; exit 3"], "label": "first"}',
      '',
      'not json',
      '{"command": ""}',
      '[1]',
      '"text"',
      'null',
      '{"command": "true", "limits": {"timeoutMs": "soon"}}',
      '{"command": "no-such-command"}',
      '{"command": "printf", "args": ["\\\\377"]}',
      '   ',
      '{"command": "echo", "args": ["läst"]}',
    ];
    const outcome = await runBatch(lines);
    expect(outcome).toMatchObject({ exitCode: 1, stderr: '' });
    const results = resultsIn(outcome);
    expect(results.map(({ line, status }) => [line, status]).sort(byLine)).toEqual([
      [1, 'failure'],
      [3, 'notExecuted'],
      [4, 'notExecuted'],
      [5, 'notExecuted'],
      [6, 'notExecuted'],
      [7, 'notExecuted'],
      [8, 'notExecuted'],
      [9, 'notExecuted'],
      [10, 'success'],
      [12, 'success'],
    ]);
    const at = (line: number) => results.find((result) => result.line === line);
    expect(at(1)).toMatchObject({ label: 'first', stdout: 'hi\n', exitCode: 3 });
    expect(at(3)?.error).toMatchObject({ kind: 'validation', message: expect.stringContaining('not JSON') });
    expect(at(4)?.error).toMatchObject({ kind: 'validation', message: expect.stringContaining('command') });
    expect(at(8)?.error).toMatchObject({ kind: 'validation', message: expect.stringContaining('limits.timeoutMs') });
    expect(at(9)?.error).toMatchObject({ kind: 'execution', message: expect.stringContaining('no-such-command') });
    expect(at(10)?.stdout).toEqual({ base64: '/w==' });
    expect(at(12)?.stdout).toBe('läst\n');
  });

  it('exits with 0 where every task succeeds, also where there is none', async () => {
    const outcomes = await Promise.all([runBatch(['{"command": "true"}', '{"command": "true"}']), runBatch([])]);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(outcomes.map((outcome) => resultsIn(outcome).length)).toEqual([2, 0]);
  });

  it('runs many more tasks than the queue holds, each exactly once', async () => {
    const lines = Array.from({ length: 60 }, (_, index) => JSON.stringify({ command: 'echo', args: [String(index)] }));
    const outcome = await runBatch(lines, ['--queue-size', '2', '--max-concurrent-tasks', '3']);
    expect(outcome.exitCode).toBe(0);
    const printed = resultsIn(outcome).map(({ line, stdout }) => [line, stdout] as const);
    expect(printed.sort(byLine)).toEqual(lines.map((_, index) => [index + 1, `${index}\n`]));
  });

  it('reads a file, and says which one it cannot read', async () => {
    const file = join(folder(), 'tasks.jsonl');
    await writeFile(file, '{"command": "echo", "args": ["from the file"]}\r\n');
    const [read, missing] = await Promise.all([
      cli(['run', '--batch', file]),
      cli(['run', '--batch', join(folder(), 'missing')]),
    ]);
    expect(resultsIn(read)).toMatchObject([{ line: 1, stdout: 'from the file\n' }]);
    expect(missing).toMatchObject({ exitCode: 64, stdout: '', stderr: expect.stringContaining('missing') });
  });

  it.each([
    ['SIGINT', 1],
    ['SIGTERM', 143],
  ] as const)('at %s cancels what is under way and starts no further line', async (signal, exitCode) => {
    const lines = ['{"command": "echo"}', ...Array(30).fill('{"command": "sleep", "args": ["60"]}')];
    await using running = await startBatch(['--queue-size', '2', '--max-concurrent-tasks', '2']);
    running.stdin.write(`${lines.join('\n')}\n`);
    await running.said('"line":1,');
    running.kill(signal);
    const outcome = await running.ended;
    expect(outcome.exitCode).toBe(exitCode);
    const [first, ...others] = resultsIn(outcome);
    expect(first).toMatchObject({ line: 1, status: 'success' });
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set(['cancelled']));
    expect(others.length).toBeLessThan(30);
  });

  it('ends when nobody reads the results any more', async () => {
    await using running = await startBatch(['--max-concurrent-tasks', '2']);
    running.stdin.write('{"command": "echo"}\n');
    await running.said('"line":1,');
    running.stopReading();
    running.stdin.write(`${'{"command": "sh", "args": ["-c", "sleep 0.05"]}\n'.repeat(500)}`);
    expect(await running.ended).toMatchObject({ exitCode: 1 });
  });

  it.skipIf(without('script'))('shows its progress on a terminal, and only there', async () => {
    const file = join(folder(), 'tasks.jsonl');
    await writeFile(file, '{"command": "true"}\n{"command": "true"}\n');
    const shown = await runInTerminal(`"${process.execPath}" "${EXECUTABLE}" run --batch "${file}" > "${file}.out"`);
    expect(shown.exitCode).toBe(0);
    expect(shown.screen).toContain('█ 2/2');
    expect(await cli(['run', '--batch', file])).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

function runBatch(lines: readonly string[], options: readonly string[] = []): Promise<CliOutcome> {
  return cli(['run', ...options, '--batch', '-'], { input: lines.join('\n') });
}

function startBatch(options: readonly string[]): Promise<RunningCli> {
  return startCli(['run', ...options, '--batch', '-']);
}

function resultsIn({ stdout }: CliOutcome): ResultLine[] {
  const lines = stdout.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line));
}

function byLine([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return Number(a) - Number(b);
}
