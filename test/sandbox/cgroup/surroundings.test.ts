import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CgroupSupport } from '../../../src/sandbox/cgroup/index.js';
import { createGroup } from './create-group.js';
import { openManager, ROOMY, realSupport, start, whyNot } from './real-cgroups.js';

const MIB = 1024 * 1024;
const isRoot = process.getuid?.() === 0;
let directory: string;

/** A program that opens a manager of its own, runs the given statements, and prints a value as JSON. */
async function program(name: string, statements: string): Promise<string> {
  const outfile = join(directory, `${name}.mjs`);
  const source = fileURLToPath(new URL('../../../src/sandbox/cgroup/index.ts', import.meta.url));
  await build({
    stdin: {
      contents: `import { CgroupManager } from ${JSON.stringify(source)};
        import { spawnSync } from 'node:child_process';
        const manager = await CgroupManager.create('inner');
        let value;
        ${statements}
        await manager.close();
        console.log(JSON.stringify(value));`,
      resolveDir: directory,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'cgroup-test-'));
  chmodSync(directory, 0o755);
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe.skipIf(!realSupport.memory.available)(`a sidecar inside a task of another${whyNot('memory')}`, () => {
  it('makes its groups below those of the task, where the task has any', async () => {
    const task = await createGroup(await openManager(), { ...ROOMY, cpuPercent: 100 });
    const command = start(task, [process.execPath, await program('directories', 'value = manager.directories')]);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    const inner: string[] = JSON.parse(command.output());
    expect(inner.length).toBeGreaterThan(1);
    const expected = task.directories.map((outer) => `${outer}/exec-sidecar-inner`);
    expect(expected).toEqual(expect.arrayContaining(inner));
  });

  it('cannot give a task more memory than it has itself', async () => {
    const task = await createGroup(await openManager(), { ...ROOMY, memoryBytes: 128 * MIB });
    const statements = `
      const group = manager.planGroup({ memoryBytes: ${1024 * MIB}, processes: 100, cpuPercent: null });
      await group.make();
      const join = 'for file; do echo 0 > "$file" || exit 125; done; exec dd if=/dev/zero of=/dev/null bs=512M count=1';
      value = spawnSync('/bin/sh', ['-c', join, 'sh', ...group.setup.procsFiles]).signal;`;
    const command = start(task, [process.execPath, await program('memory', statements)]);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(JSON.parse(command.output())).toBe('SIGKILL');
  });
});

describe.skipIf(!isRoot || process.platform !== 'linux')(
  'an unprivileged sidecar in a group that is not delegated',
  () => {
    it('names the directories that it may not write to, and goes on without', async () => {
      const statements = `value = {
      support: manager.support,
      procsFiles: manager.planGroup({ memoryBytes: 1, processes: 1, cpuPercent: 1 }).setup.procsFiles,
    };`;
      const nobody = { uid: 65_534, gid: 65_534 };
      const run = spawnSync(process.execPath, [await program('nobody', statements)], { encoding: 'utf8', ...nobody });
      expect(run.stderr).toBe('');
      const { support, procsFiles } = JSON.parse(run.stdout) as { support: CgroupSupport; procsFiles: string[] };
      expect(procsFiles).toEqual([]);
      for (const feature of ['memory', 'pids', 'cpu', 'cpuTime', 'kill'] as const) {
        expect(support[feature]).toMatchObject({ available: false });
        if (realSupport[feature].available) {
          const reason = expect.stringMatching(/^making \/.*\/exec-sidecar-inner: EACCES$/);
          expect(support[feature]).toMatchObject({ code: 'not_writable', reason });
        }
      }
    });
  },
);
