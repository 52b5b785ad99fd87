import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { flagName, settingNames, variableName } from '../../src/sidecar/index.js';
import { without } from '../support/requirements.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { type CliOutcome, cli } from './support/cli.js';
import { EXECUTABLE } from './support/executable.js';
import { withSidecar } from './support/sidecar.js';
import { runInTerminal } from './support/terminal.js';

useStrongestSandbox();

describe('exec-sidecar', () => {
  it('--help names every subcommand and every setting, as a flag and as a variable', async () => {
    const [help, ofSubcommand] = await Promise.all([cli(['--help']), cli(['serve', '--help'])]);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    for (const name of ['serve', 'run', 'doctor', 'demo']) expect(help.stdout).toContain(`exec-sidecar ${name}`);
    for (const name of settingNames) {
      expect(help.stdout).toContain(`${flagName(name)}\n`);
      expect(help.stdout).toContain(`${variableName(name)}\n`);
    }
    expect(ofSubcommand).toEqual(help);
  });

  it('--version tells the version of the package', async () => {
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await cli(['--version'])).toMatchObject({ exitCode: 0, stdout: `exec-sidecar ${manifest.version}\n` });
  });

  it('without a subcommand explains itself on stderr and exits with 64', async () => {
    expect(await cli([])).toMatchObject({ exitCode: 64, stdout: '', stderr: expect.stringContaining('Usage:') });
  });

  it.each([
    [['frob'], '"frob"'],
    [['constructor'], '"constructor"'],
    [['run'], 'command'],
    [['run', '--nope', '5', '--', 'true'], '--nope'],
    [['run', '--timeout-ms', '0.5s', '--', 'true'], '"0.5s"'],
    [['run', '--memory-bytes', '--', 'true'], '--memory-bytes'],
    [['run', '--file', 'path=/no/such/source', '--', 'true'], '/no/such/source'],
    [['run', '--batch', '/no/such/file', '--', 'true'], '--batch'],
    [['doctor', 'extra'], '"extra"'],
    [['serve', 'extra'], '"extra"'],
    [['serve', '--queue-size', '-1'], '--queue-size=VALUE'],
    [['demo', '--queue-size', '5'], '--queue-size'],
    [['demo', '--config', '/no/such/file'], '--config'],
  ])('%j is wrong usage: it exits with 64 and says what is wrong', async (args, named) => {
    const outcome = await cli(args);
    expect(outcome).toMatchObject({ exitCode: 64, stdout: '' });
    expect(outcome.stderr).toContain(named);
    expect(outcome.stderr).toMatch(/^exec-sidecar: .*; see exec-sidecar --help\n$/);
  });

  it.skipIf(without('script'))('serve on a terminal explains itself and exits with 64', async () => {
    const serve = `"${process.execPath}" "${EXECUTABLE}" serve`;
    const sessions = await Promise.all([runInTerminal(serve), runInTerminal(`${serve} | cat`)]);
    expect(sessions[0]).toMatchObject({ exitCode: 64 });
    for (const { screen } of sessions) {
      expect(screen).toContain('spawned by a program');
      expect(screen).not.toContain('hello');
    }
  });
});

describe('a wrong setting', () => {
  const folder = useTemporaryFolder();

  it.each([
    [{ flag: ['--max-frame-bytes', '16777216'] }, ['--max-frame-bytes', '16777215', '16777216']],
    [{ flag: ['--queue-size', 'many'] }, ['--queue-size', 'number', '"many"']],
    [{ flag: ['--workspace-root', '/no/such/folder'] }, ['workspaceRoot', '/no/such/folder']],
    [{ variable: ['EXEC_SIDECAR_NETWORK', 'perhaps'] }, ['EXEC_SIDECAR_NETWORK', 'boolean', '"perhaps"']],
    [{ variable: ['EXEC_SIDECAR_COMMAND_POLICY', '{"forbid":[]}'] }, ['EXEC_SIDECAR_COMMAND_POLICY.forbid']],
    [{ file: '{"queSize": 5}' }, ['settings.json', 'queSize', 'no such setting']],
    [{ file: '{"queueSize": 5' }, ['settings.json']],
  ] as const)('%j is refused with its name, origin, value and bound, and exit code 78', async (given, named) => {
    const outcome = await doctorWith(given);
    expect(outcome).toMatchObject({ exitCode: 78, stdout: '' });
    for (const word of named) expect(outcome.stderr).toContain(word);
  });

  it('of a sidecar ends it before hello', async () => {
    const outcome = await cli(['serve', '--on-eof', 'wait']);
    expect(outcome).toMatchObject({ exitCode: 78, stdout: '', stderr: expect.stringContaining('--on-eof') });
  });

  it('of a command ends it before the command', async () => {
    const outcome = await cli(['run', '--queue-size', '0', '--', 'echo']);
    expect(outcome).toMatchObject({ exitCode: 78, stdout: '', stderr: expect.stringContaining('--queue-size') });
  });

  async function doctorWith(given: GivenSetting): Promise<CliOutcome> {
    const file = join(folder(), 'settings.json');
    await writeFile(file, given.file ?? '{}');
    const env = given.variable && { [given.variable[0]]: given.variable[1] };
    return cli(['doctor', '--config', file, ...(given.flag ?? [])], env && { env });
  }
});

interface GivenSetting {
  readonly flag?: readonly string[];
  readonly variable?: readonly [name: string, value: string];
  readonly file?: string;
}

describe('settings', () => {
  const folder = useTemporaryFolder();

  it('come from the file, the environment, flags and the host, the later ones winning', async () => {
    const file = join(folder(), 'settings.json');
    await writeFile(file, '{"memoryBudgetBytes": 1000000001}');
    const config = ['--config', file];
    const env = { EXEC_SIDECAR_MEMORY_BUDGET_BYTES: '1000000002' };
    const flag = ['--memory-budget-bytes', '1000000003'];
    const reports = await Promise.all([
      cli(['doctor', '--json', ...config]),
      cli(['doctor', '--json', ...config], { env }),
      cli(['doctor', '--json', ...flag, ...config], { env }),
    ]);
    expect(reports.map(({ stdout }) => JSON.parse(stdout).memoryBudgetBytes)).toEqual([
      1_000_000_001, 1_000_000_002, 1_000_000_003,
    ]);
    await withSidecar({ args: flag, env, config: { memoryBudgetBytes: 1_000_000_004 } }, async (sidecar) => {
      const budget = (await sidecar.queueSnapshot()).find(({ name }) => name === 'memoryBudget');
      expect(budget?.capacity).toBe(1_000_000_004);
    });
  });
});

describe('exec-sidecar doctor', () => {
  let text: CliOutcome;
  let json: CliOutcome;
  beforeAll(async () => {
    [text, json] = await Promise.all([cli(['doctor']), cli(['doctor', '--json'])]);
  });

  it('--json tells what a sidecar tells of itself when it is ready', async () => {
    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    const report = JSON.parse(json.stdout);
    await withSidecar({}, async (sidecar) => {
      const { sandbox, enforcement } = sidecar.ready;
      expect(report).toMatchObject({ backend: sandbox.backend, available: sandbox.available, enforcement });
    });
    expect(report).toMatchObject({ node: process.version, memoryBudgetBytes: expect.any(Number) });
  });

  it('tells people the same: each backend with its state, and each limit with who enforces it', async () => {
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    const { available, enforcement } = JSON.parse(json.stdout);
    for (const { backend, ok } of available) {
      expect(text.stdout).toMatch(new RegExp(`^${backend} +${ok ? 'works' : 'does not work'}`, 'm'));
    }
    for (const [limit, mechanism] of Object.entries(enforcement)) {
      expect(text.stdout).toMatch(new RegExp(`^${limit} +${mechanism} `, 'm'));
    }
  });
});
