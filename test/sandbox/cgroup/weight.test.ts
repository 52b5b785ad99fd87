import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../support/wait-for.js';
import { commandSpec, finish, TestSandbox } from '../support/sandbox.js';
import { openManager } from './real-cgroups.js';

/** Where a process is in the version 1 hierarchy that has nothing but the CPU's controller; null where there is none. */
function cpuGroupIn(memberships: string): string | null {
  return /^\d+:cpu:(.*)$/m.exec(memberships)?.[1] ?? null;
}

const cpuGroupOf = (pid: number | string) => cpuGroupIn(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));

const own = existsSync('/proc/self/cgroup') ? cpuGroupOf('self') : null;

/** The directory of the instance in that hierarchy. */
async function openInstance() {
  const manager = await openManager();
  const directory = manager.directories.find((path) => /\/cpu\/[^,]*$/.test(path));
  return { manager, directory, group: directory && `/${directory.split('/').at(-1)}` };
}

const isThere = own === '/' && existsSync('/sys/fs/cgroup/cpu/tasks');

describe.skipIf(!isThere)('what commands weigh', () => {
  it('is together little more than what one program weighs, until the groups are closed', async () => {
    const { manager, directory, group } = await openInstance();
    expect(readFileSync(`${directory}/cpu.shares`, 'utf8')).toBe('1536\n');
    const child = spawn('/bin/sh', ['-c', 'echo 0 > "$1"; exec sleep 60', 'sh', ...manager.joinFiles], {
      stdio: 'ignore',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await waitFor(() => cpuGroupOf(child.pid!) === group, 'the child to join');
    expect(await manager.close()).toEqual([]);
    expect(cpuGroupOf(child.pid!)).toBe(own);
  });

  it('leaves no group behind, whoever has made one below', async () => {
    const { manager, directory } = await openInstance();
    mkdirSync(`${directory}/exec-sidecar-of-a-task/task-1`, { recursive: true });
    expect(await manager.close()).toEqual([]);
    expect(existsSync(directory!)).toBe(false);
  });

  it('is so of each command without a cap, also of those that another fork server starts', async () => {
    await using sandbox = await TestSandbox.open();
    const run = async (cpuPercent: number | null) => {
      const { stdout } = await finish(await sandbox.start(commandSpec('cat', ['/proc/self/cgroup']), { cpuPercent }));
      return cpuGroupIn(stdout);
    };
    const instance = await run(null);
    expect(instance).toMatch(/^\/exec-sidecar-[-0-9a-f]+$/);
    expect(await run(50)).toMatch(new RegExp(`^${instance}/task-\\d+$`));
    const [, pid] = readFileSync(`/sys/fs/cgroup/cpu${instance}/cgroup.procs`, 'utf8').match(/^(\d+)$/m)!;
    process.kill(Number(pid), 'SIGKILL');
    await waitFor(() => !existsSync(`/proc/${pid}`), 'the end of the fork server');
    expect(await run(null)).toBe(instance);
  });
});
