import { beforeAll, describe, expect, it } from 'vitest';
import type { EnforcementTable } from '../../protocol/index.js';
import { withoutBubblewrap } from '../sandbox/bubblewrap/support.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { withoutProgram } from '../support/without-program.js';
import { type CliOutcome, cli } from './support/cli.js';
import { withSidecar } from './support/sidecar.js';

useStrongestSandbox();

const folder = useTemporaryFolder();
const doctor = (...args: string[]) => cli(['doctor', ...args]);

describe('exec-sidecar doctor --require kernel', () => {
  let json: CliOutcome;
  beforeAll(async () => {
    json = await doctor('--json', '--require', 'kernel');
  });

  it('exits with 0 exactly where a sidecar takes a task that requires the kernel', async () => {
    await withSidecar({}, async (sidecar) => {
      const { status } = await sidecar.run('true', [], { require: 'kernel' });
      expect(json.exitCode).toBe(status === 'success' ? 0 : 1);
    });
  });

  it('exits with 1 where samples hold a limit, and names each with its reason and a remedy', async () => {
    const { exitCode, stdout, stderr } = await doctor('--require', 'kernel', '--sandbox', 'process');
    expect([exitCode, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/require: "kernel" cannot be met: .*workspaceBytes/);
    expect(stdout).toMatch(/^missing +why$/m);
    expect(stdout).toMatch(/^workspaceBytes +the sandbox process gives a task no file system of its own$/m);
    expect(stdout).toMatch(/^To get to full enforcement:\n- /m);
  });

  it('exits with 0 without --require, whatever is missing', async () => {
    expect((await doctor('--sandbox', 'process')).exitCode).toBe(0);
  });

  it('exits with 64 for a level that there is not', async () => {
    const { exitCode, stderr } = await doctor('--require', 'everything');
    expect(exitCode).toBe(64);
    expect(stderr).toContain('--require must be kernel, got "everything"');
  });

  it('--json tells what is missing as the enforcement table has it', () => {
    const { enforcement, missing, sampled } = JSON.parse(json.stdout);
    const soft = Object.entries(enforcement as EnforcementTable).filter(([, by]) => /sampled|unavailable/.test(by));
    expect(missing.map(({ limit }: { limit: string }) => limit)).toEqual(soft.map(([limit]) => limit));
    expect(sampled).toEqual(soft.map(([limit]) => limit).filter((limit) => limit !== 'cpuPercent'));
  });
});

describe('exec-sidecar doctor where bwrap is not installed', () => {
  const program = () => [withoutProgram('bwrap', folder())] as const;

  it('names the package, and exits with 1 where the kernel is required', async () => {
    const { exitCode, stdout } = await cli(['doctor', '--require', 'kernel'], { program: [...program()] });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^bubblewrap +does not work +bwrap is not installed/m);
    expect(stdout).toMatch(/^- bubblewrap: .*install.* bubblewrap/m);
  });

  it('tells all of it as well where bubblewrap is asked for, says that no sidecar starts, and exits with 78', async () => {
    const outcome = await cli(['doctor', '--json', '--sandbox', 'bubblewrap'], { program: [...program()] });
    expect(outcome).toMatchObject({ exitCode: 78, stderr: '' });
    const { backend, fault, advice } = JSON.parse(outcome.stdout);
    expect(backend).toBe('process');
    expect(fault).toMatch(/'bubblewrap' is not available/);
    expect(advice).toContainEqual(expect.stringMatching(/^bubblewrap: .*bubblewrap/));
  });
});

describe.skipIf(withoutBubblewrap)('exec-sidecar doctor where bubblewrap works', () => {
  it('has no advice for it', async () => {
    const { available, advice } = JSON.parse((await doctor('--json')).stdout);
    expect(available).toContainEqual({ backend: 'bubblewrap', ok: true });
    expect(advice.join()).not.toMatch(/^bubblewrap:/);
  });
});
