import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../clients/node/index.js';
import { loadProgram } from '../../src/load-program.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { EXECUTABLE } from './support/executable.js';

const folder = useTemporaryFolder();
const dist = dirname(EXECUTABLE);
const PARTS = ['program.cjs', 'program.rest.cjs'];
const CACHE = 'program.cjs.cache';

function copy(...names: readonly string[]): void {
  for (const name of names) copyFileSync(join(dist, name), join(folder(), name));
}

/** Runs a task with a copy of the executable, whose code cache the test has chosen. */
function runCopy(executable: string): { status: number | null; stdout: string; stderr: string } {
  copy('exec-sidecar.js', 'exec-sidecar.cjs', ...PARTS);
  const line = [join(folder(), executable), 'run', '--', 'echo', 'hello'];
  return spawnSync(process.execPath, line, { encoding: 'utf8' });
}

describe('the code cache of the executable', () => {
  it.each(PARTS)('belongs to the %s that lies beside it, and is for nobody else to write', (part) => {
    const program = readFileSync(join(dist, part), 'latin1');
    const cache = readFileSync(join(dist, `${part}.cache`), 'latin1');
    const buildId = program.slice(program.lastIndexOf('\n') + 1);
    expect(buildId).toMatch(/^\/\/# buildId=[0-9a-f]{64}$/);
    expect(cache.startsWith(`${buildId}\n`)).toBe(true);
    expect(statSync(join(dist, `${part}.cache`)).mode & 0o022).toBe(0);
  });

  it.each(PARTS)('is taken by the V8 that has made it (%s)', (part) => {
    const path = join(dist, part);
    const cache = readFileSync(`${path}.cache`);
    const made = cache.subarray(versionHashAt(cache), versionHashAt(cache) + 4);
    const own = new Script('0').createCachedData();
    const { script } = loadProgram(path);
    expect(script.cachedDataRejected).toBe(!made.equals(own.subarray(4, 8)));
  });

  it.each(['exec-sidecar.js', 'exec-sidecar.cjs'])('is not needed by %s', (executable) => {
    expect(runCopy(executable)).toMatchObject({ status: 0, stdout: 'hello\n', stderr: '' });
  });

  it.each([
    ['is of another version of Node', (cache: Buffer) => withOtherVersion(cache)],
    ['was cut off', (cache: Buffer) => cache.subarray(0, cache.length / 2)],
    ['holds nothing but the build id', (cache: Buffer) => cache.subarray(0, cache.indexOf('\n') + 1)],
  ])('does no harm where it %s', (_, damage) => {
    writeFileSync(join(folder(), CACHE), damage(readFileSync(join(dist, CACHE))));
    expect(runCopy('exec-sidecar.js')).toMatchObject({ status: 0, stdout: 'hello\n', stderr: '' });
  });
});

describe('the first part of the program', () => {
  it.each(['process', 'auto'])('is enough to say ready, with the sandbox %s', async (sandbox) => {
    copy('exec-sidecar.cjs', 'program.cjs');
    // Settings of the environment may need to be judged by what is in the other part.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EXEC_SIDECAR_')));
    const executable = join(folder(), 'exec-sidecar.cjs');
    const sidecar = await Sidecar.spawn({ executable, env, config: { sandbox } });
    expect(sidecar.ready.protocol).toBe(1);
    // It fails at the second one, which is not there.
    expect(await sidecar.closed).toMatchObject({ exitCode: 70 });
  });
});

/** What V8 writes begins with a magic number and the hash of its version. */
function withOtherVersion(cache: Buffer): Buffer {
  const at = versionHashAt(cache);
  cache.writeUInt32LE(cache.readUInt32LE(at) ^ 1, at);
  return cache;
}

function versionHashAt(cache: Buffer): number {
  return cache.indexOf('\n') + 1 + 4;
}
