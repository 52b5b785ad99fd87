import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Sidecar } from '../../clients/node/index.js';
import { withoutBubblewrap } from '../sandbox/bubblewrap/support.js';
import { pidsWithEnvironment } from '../support/processes.js';
import { waitFor } from '../support/wait-for.js';
import { EXECUTABLE } from './support/executable.js';

const NOBODY = 65_534;
const folder = mkdtempSync(join(tmpdir(), 'exec-sidecar-nobody-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A command that runs the rest of its line as a user who owns nothing but the workspace root. */
const asNobody = ['setpriv', '--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'];
const start = join(folder, 'start.sh');
const workspaceRoot = join(folder, 'root');

/** Copies of Node and of the program, since the user may not be able to reach where they are. */
function prepare(): boolean {
  if (process.getuid?.() !== 0 || withoutBubblewrap) return false;
  chmodSync(folder, 0o755);
  copyFileSync(process.execPath, join(folder, 'node'));
  for (const name of ['exec-sidecar.js', 'exec-sidecar.cjs', 'program.cjs', 'program.rest.cjs']) {
    copyFileSync(join(dirname(EXECUTABLE), name), join(folder, name));
  }
  mkdirSync(workspaceRoot, { mode: 0o700 });
  chownSync(workspaceRoot, NOBODY, NOBODY);
  const line = [...asNobody, join(folder, 'node'), join(folder, 'exec-sidecar.js')].join(' ');
  writeFileSync(start, `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o755 });
  const unshare = ['bwrap', '--unshare-all', '--ro-bind', '/', '/', 'true'];
  const works =
    spawnSync(start, ['--version']).status === 0 &&
    spawnSync(asNobody[0]!, [...asNobody.slice(1), ...unshare]).status === 0;
  if (!works) console.warn('skipped: an unprivileged user cannot run the sidecar or bubblewrap here');
  return works;
}

// As users have it: the strongest backend that works.
const env = { ...process.env, EXEC_SIDECAR_SANDBOX: 'auto', EXEC_SIDECAR_WORKSPACE_ROOT: workspaceRoot };

async function withUnprivileged(act: (sidecar: Sidecar) => Promise<void>): Promise<void> {
  {
    await using sidecar = await Sidecar.spawn({ executable: start, env });
    await act(sidecar);
  }
  const left = () => pidsWithEnvironment('EXEC_SIDECAR_WORKSPACE_ROOT', workspaceRoot);
  await waitFor(() => left().length === 0, 'the processes of the sidecar to be gone');
}

describe.skipIf(!prepare())('a sidecar of an unprivileged user whose cgroups are not writable', () => {
  it('has the bubblewrap backend, and says that cgroups hold nothing', async () => {
    await withUnprivileged(async ({ ready }) => {
      expect(ready.sandbox.backend).toBe('bubblewrap');
      expect(ready.enforcement).toMatchObject({
        ...{ cpuTimeMs: 'sampled', memoryBytes: 'sampled', processes: 'sampled', cpuPercent: 'unavailable' },
        ...{ workspaceBytes: 'tmpfs', fileSizeBytes: 'rlimit', openFiles: 'rlimit', timeoutMs: 'timer' },
      });
    });
  });

  it('runs tasks as that user, isolated as ever', async () => {
    await withUnprivileged(async (sidecar) => {
      const files = [{ path: 'given', data: 'text' }];
      const script = 'id -u; cat given; ls -d /root /home 2>&1 | grep -c "No such"; grep ^CapEff /proc/self/status';
      const { status, stdout } = await sidecar.run('sh', ['-c', script], { files });
      expect(status).toBe('success');
      expect(stdout).toMatch(/^65534\ntext2\nCapEff:\s+0+\n$/);
    });
  });

  it('refuses a task that requires the kernel, naming the limits, before anything is started', async () => {
    await withUnprivileged(async (sidecar) => {
      const { status, error } = await sidecar.run('true', [], { require: 'kernel' });
      expect(status).toBe('notExecuted');
      expect(error).toMatchObject({ kind: 'sandbox', details: { code: 'not_kernel_enforced' } });
      expect(error?.message).toMatch(/cpuTimeMs \(sampled\), memoryBytes \(sampled\), processes \(sampled\)/);
    });
  });

  it('does not count the helpers of the sandbox as processes of the task', async () => {
    await withUnprivileged(async (sidecar) => {
      const { status, usage } = await sidecar.run('sleep', ['0.5'], { limits: { processes: 1 } });
      expect([status, usage.processPeak]).toEqual(['success', 1]);
    });
  });

  it('ends what exceeds its limits by samples, and says so in the evidence', async () => {
    await withUnprivileged(async (sidecar) => {
      const [cpu, processes] = await Promise.all([
        sidecar.run('sh', ['-c', 'while :; do :; done'], { limits: { cpuTimeMs: 500 } }),
        sidecar.run('sh', ['-c', 'for i in 1 2 3 4 5 6; do sleep 30 & done; wait'], { limits: { processes: 4 } }),
      ]);
      expect(cpu.status).toBe('cpuLimitExceeded');
      expect(cpu.limitsExceeded[0]).toMatchObject({ limit: 'cpuTimeMs', enforcedBy: 'sampled', confidence: 'sampled' });
      expect(processes.status).toBe('processLimitExceeded');
      const [excess] = processes.limitsExceeded;
      expect(excess).toMatchObject({ capacity: 4, enforcedBy: 'sampled' });
      // It may be seen before the last of them is there.
      expect([5, 6, 7]).toContain(excess!.observed);
    });
  });

  it('is told by doctor which files it may not write, and how to get them', () => {
    const { status, stdout } = spawnSync(start, ['doctor', '--require', 'kernel', '--json'], { env, encoding: 'utf8' });
    expect(status).toBe(1);
    const { missing, advice } = JSON.parse(stdout);
    expect(missing[0]).toMatchObject({
      limit: 'cpuTimeMs',
      enforcedBy: 'sampled',
      reason: expect.stringContaining('/'),
    });
    expect(advice).toEqual([expect.stringMatching(/^memory, pids, cpu, cpuTime, kill: /)]);
  });
});
