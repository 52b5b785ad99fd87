import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { cli, startCli } from './support/io.js';

const folder = useTemporaryFolder();

interface Line {
  readonly line: number;
  readonly status: string;
  readonly stdout?: string;
  readonly error?: { readonly details: { readonly code: string } };
}

const linesOf = (out: string): Line[] =>
  out === ''
    ? []
    : out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));

function options(): { environment: Record<string, string> } {
  return { environment: { EXEC_SIDECAR_WORKSPACE_ROOT: folder() } };
}

/** Runs a batch of these lines. */
async function batch(lines: readonly string[], ...args: string[]) {
  const file = join(folder(), 'tasks.jsonl');
  writeFileSync(file, lines.join('\n'));
  const { exitCode, out, err } = await cli(['run', ...args, '--batch', file], options());
  return { exitCode, err, results: linesOf(out).sort((a, b) => a.line - b.line) };
}

const task = (...words: string[]) => JSON.stringify({ command: words[0], args: words.slice(1) });

describe('a batch', () => {
  it('prints a result for each line, which says which one it answers', async () => {
    const { exitCode, results } = await batch([task('echo', 'a'), '', '  ', task('echo', 'b')]);
    expect(exitCode).toBe(0);
    expect(results.map(({ line, status, stdout }) => [line, status, stdout])).toEqual([
      [1, 'success', 'a\n'],
      [4, 'success', 'b\n'],
    ]);
  });

  it('exits with 1 where not every task succeeds, and runs them all', async () => {
    const { exitCode, results } = await batch([task('false'), task('echo', 'after')]);
    expect(exitCode).toBe(1);
    expect(results.map(({ status }) => status)).toEqual(['failure', 'success']);
  });

  it('answers lines that are no JSON, and JSON that is no task', async () => {
    const { exitCode, results } = await batch(['{"command": "tru', '[]', '{"command": ""}', task('true')]);
    expect(exitCode).toBe(1);
    expect(results.map(({ line, status, error }) => [line, status, error?.details.code])).toEqual([
      [1, 'notExecuted', 'not_json'],
      [2, 'notExecuted', 'invalid_task'],
      [3, 'notExecuted', 'invalid_task'],
      [4, 'success', undefined],
    ]);
  });

  it('of many more tasks than the queue holds is run whole', async () => {
    const lines = Array.from({ length: 60 }, (_, at) => task('echo', String(at)));
    const { exitCode, results } = await batch(lines, '--queue-size', '3', '--max-concurrent-tasks', '2');
    expect(exitCode).toBe(0);
    expect(results.map(({ stdout }) => stdout)).toEqual(lines.map((_, at) => `${at}\n`));
  });

  it('of nothing is done', async () => {
    expect(await batch([])).toEqual({ exitCode: 0, err: '', results: [] });
  });

  it('comes from stdin where the file is a dash, task by task', async () => {
    const run = startCli(['run', '--batch', '-'], options());
    run.stdin.write(`${task('echo', 'first')}\n`);
    await expect.poll(() => linesOf(run.out())).toMatchObject([{ line: 1, stdout: 'first\n' }]);
    run.stdin.end(task('echo', 'second'));
    expect(await run.exitCode).toBe(0);
    expect(linesOf(run.out())[1]).toMatchObject({ line: 2, stdout: 'second\n' });
  });

  it('that cannot be read to its end says so, and exits with 64', async () => {
    const { exitCode, err } = await cli(['run', '--batch', folder()], options());
    expect(exitCode).toBe(64);
    expect(err).toContain(`--batch: cannot read ${folder()}`);
  });
});

describe('a batch that is ended', () => {
  it.each([
    ['SIGTERM', 143, 'terminate'],
    ['Ctrl-C', 1, 'interrupt'],
  ] as const)('by %s cancels what runs and starts nothing more', async (_what, exitCode, act) => {
    const run = startCli(['run', '--max-concurrent-tasks', '1', '--queue-size', '1', '--batch', '-'], options());
    run.stdin.write(`${task('echo', 'done')}\n${`${task('sleep', '60')}\n`.repeat(20)}`);
    await expect.poll(() => linesOf(run.out()).length).toBe(1);
    run[act]();
    expect(await run.exitCode).toBe(exitCode);
    const results = linesOf(run.out());
    expect(results[0]).toMatchObject({ status: 'success' });
    expect(new Set(results.slice(1).map(({ status }) => status))).toEqual(new Set(['cancelled']));
    expect(results.length).toBeLessThan(10);
  });

  it('by SIGTERM while it waits for lines does not wait any longer', async () => {
    const run = startCli(['run', '--batch', '-'], options());
    run.stdin.write(`${task('true')}\n`);
    await expect.poll(() => linesOf(run.out()).length).toBe(1);
    run.terminate();
    expect(await run.exitCode).toBe(143);
  });
});
