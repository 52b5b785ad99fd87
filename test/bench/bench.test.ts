import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cli, startCli } from '../end-to-end/support/cli.js';
import { withoutBubblewrap } from '../sandbox/bubblewrap/support.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { lines } from './lines/index.js';
import type { BenchReport } from './report.js';

const BENCH = fileURLToPath(new URL('../../dist/programs/bench/main.mjs', import.meta.url));
const program = [process.execPath, BENCH] as const;
const folder = useTemporaryFolder();

describe('a bench', () => {
  it('measures every line and every contestant, and leaves nothing', { timeout: 180_000 }, async () => {
    const json = join(folder(), 'bench.json');
    const { exitCode, stdout, stderr } = await cli(['--quick', '--json', json], { program });
    expect(exitCode, stderr).toBe(0);
    const report: BenchReport = JSON.parse(await readFile(json, 'utf8'));
    expect(report).toMatchObject({ node: process.version, quick: true, machine: { cores: expect.any(Number) } });
    expect(report.lines.map(({ name }) => name)).toEqual(lines.map(({ name }) => name));
    for (const [index, { name, samples, notMeasured, comparisons }] of report.lines.entries()) {
      const { contestants, goals, rounds } = lines[index]!;
      for (const contestant of contestants) {
        if (contestant.name in notMeasured) continue;
        expect(samples[contestant.name], `${name}: ${contestant.name}`).toHaveLength(rounds.quick);
        for (const figure of samples[contestant.name]!.flatMap(Object.values))
          expect(figure).toEqual(expect.any(Number));
      }
      expect(comparisons.flatMap(({ goal }) => goal ?? [])).toHaveLength(goals.length);
      expect(stdout).toContain(`\n${name} `);
    }
    expect(stdout).toContain('a quick run, whose figures say nothing');
    const missing = report.lines.flatMap(({ notMeasured }) => Object.keys(notMeasured));
    expect(missing.filter((name) => !isExpectedToMiss(name))).toEqual([]);
  });

  it('that is interrupted ends what it has started', async () => {
    await using running = await startCli(['--only', 'idle'], { program });
    await expect.poll(() => running.traces.folders()).toHaveLength(1);
    running.kill('SIGTERM');
    const { exitCode, stderr } = await running.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toContain('interrupted by SIGTERM');
  });

  it('that is killed takes with it what it has started', async () => {
    await using running = await startCli(['--only', 'idle'], { program });
    await expect.poll(() => running.traces.folders()).toHaveLength(1);
    running.kill('SIGKILL');
    expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
  });

  it('names its lines', async () => {
    const { exitCode, stdout } = await cli(['--list'], { program });
    expect(exitCode).toBe(0);
    for (const { name, what } of lines) expect(stdout).toMatch(new RegExp(`^${name} +${what}$`, 'm'));
  });

  it('does not take what it does not know', async () => {
    const { exitCode, stderr } = await cli(['--only', 'pongs'], { program });
    expect(exitCode).toBe(64);
    expect(stderr).toContain('--only takes pings, ');
  });
});

/** What a machine need not have. */
function isExpectedToMiss(contestant: string): boolean {
  if (contestant === 'posix_spawn in C') return without('cc');
  return withoutBubblewrap;
}
