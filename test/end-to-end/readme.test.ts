import { execFile } from 'node:child_process';
import { access, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { without } from '../support/requirements.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';
import { EXECUTABLE } from './support/executable.js';
import { codeBlocks, inlineCode, marked, settingsTable } from './support/readme.js';
import { Traces } from './support/traces.js';

useStrongestSandbox();

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** The first Node that knows `await using`. */
const AWAIT_USING_SINCE = 24;

describe('the README', () => {
  it('has every setting in its table, as the schema has it', () => {
    expect(marked('settings')).toBe(settingsTable());
  });

  it('names two commands, which are scripts of the package', async () => {
    const [commands] = codeBlocks('sh');
    const named = [...commands!.matchAll(/^npm ci && npm (\w+) /gm)].map(([, script]) => script!);
    const { scripts } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));
    expect(named).toEqual(['start', 'test']);
    for (const script of named) expect(scripts[script]).toEqual(expect.any(String));
  });
});

describe('with the package installed, as the README says', () => {
  const [program] = codeBlocks('js');
  const [, commandLines] = codeBlocks('sh');
  const lines = commandLines!.split('\n').map((line) => line.replace(/ +#.*$/, ''));
  let traces: Traces;
  let folder = '';
  beforeAll(async () => {
    traces = await Traces.create();
    folder = traces.root;
    await installPackage(folder);
  });
  afterAll(() => traces[Symbol.asyncDispose]());

  it('the first program prints what its comments say, and ends', async () => {
    await writeFile(join(folder, 'first.mjs'), forThisNode(program!));
    const outcome = await shell('node first.mjs');
    expect(outcome.stdout).toMatch(/^success hello world\n\ntimeout limits\.timeoutMs of 500 exceeded.*\n$/);
    // A loaded machine looks a little later.
    expect(outcome.stderr).toMatch(/^timeoutMs is near: [89]\d %\ntimeoutMs is exhausted: 1\d\d %\n$/);
    expect(outcome.exitCode).toBe(0);
  });

  it('the other entries are there', async () => {
    const imported = inlineCode().filter((code) => code.startsWith('import '));
    expect(imported).toEqual(["import { TaskExecutor } from 'exec-sidecar/sidecar'"]);
    const source = [
      ...imported,
      "import { MAX_FRAME_BYTES } from 'exec-sidecar/protocol';",
      "import { Sidecar } from 'exec-sidecar/client';",
      "import { createRequire } from 'node:module';",
      "const vectors = createRequire(import.meta.url)('exec-sidecar/protocol/vectors/host.json');",
      'console.log(typeof TaskExecutor, MAX_FRAME_BYTES, typeof Sidecar.spawn, vectors.length > 10);',
    ];
    await writeFile(join(folder, 'entries.mjs'), source.join('\n'));
    expect(await shell('node entries.mjs')).toEqual({
      exitCode: 0,
      stdout: 'function 16777215 function true\n',
      stderr: '',
    });
  });

  it.skipIf(without('python3'))('run runs a script', async () => {
    await writeFile(join(folder, 'script.py'), 'print(6 * 7)');
    expect(await shell(lineOf('run --timeout-ms'))).toEqual({ exitCode: 0, stdout: '42\n', stderr: '' });
  });

  it('run --batch runs tasks as the one that is shown', async () => {
    const [task] = inlineCode().filter((code) => code.startsWith('{"command"'));
    await writeFile(join(folder, 'tasks.jsonl'), `${task}\n${task}\n`);
    expect(await shell(lineOf('run --batch'))).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const results = (await readFile(join(folder, 'results.jsonl'), 'utf8')).trim().split('\n');
    expect(results.map((line) => JSON.parse(line))).toMatchObject(
      Array(2).fill({ status: 'success', stdout: 'hi\n', label: 'first' }),
    );
  });

  it('doctor, demo and serve do what they are for', async () => {
    const [doctor, demo, serve] = await Promise.all(['doctor', 'demo', 'serve'].map((name) => shell(lineOf(name))));
    expect(doctor).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('enforced by') });
    expect(demo).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('0 surprises') });
    expect(serve).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('hello') });
  });

  it('no other command line is shown', () => {
    const shown = lines.filter((line) => line !== '').map((line) => line.split(' ').slice(0, 3).join(' '));
    expect(shown).toEqual([
      'exec-sidecar run --timeout-ms',
      'exec-sidecar run --batch',
      'exec-sidecar doctor',
      'exec-sidecar demo',
      'exec-sidecar serve',
    ]);
  });

  function lineOf(subcommand: string): string {
    return lines.find((line) => line.startsWith(`exec-sidecar ${subcommand}`))!;
  }

  /** Runs a line in a shell that finds the command of the package, and has nothing on its stdin. */
  function shell(line: string): Promise<ShellOutcome> {
    const path = `${join(folder, 'node_modules', '.bin')}:${process.env.PATH}`;
    const env = { ...process.env, ...traces.environment, PATH: path };
    return new Promise((resolve) => {
      const options = { cwd: folder, env, timeout: 60_000 };
      const child = execFile('/bin/sh', ['-c', line], options, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      });
      child.stdin!.end();
    });
  }
});

/** What `npm install` makes: the package, and its command. */
async function installPackage(folder: string): Promise<void> {
  await access(EXECUTABLE);
  await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true });
  await symlink(PACKAGE, join(folder, 'node_modules', 'exec-sidecar'));
  const command = `#!/bin/sh\nexec "${process.execPath}" "${EXECUTABLE}" "$@"\n`;
  await writeFile(join(folder, 'node_modules', '.bin', 'exec-sidecar'), command, { mode: 0o755 });
}

/** The program, changed for an older Node as the README says. */
function forThisNode(program: string): string {
  if (Number.parseInt(process.versions.node, 10) >= AWAIT_USING_SINCE) return program;
  return `${program.replace('await using sidecar', 'const sidecar')}\nawait sidecar.close();\n`;
}

interface ShellOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
