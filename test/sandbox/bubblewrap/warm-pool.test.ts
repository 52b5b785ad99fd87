import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EffectiveLimits, TaskFile } from '../../../protocol/index.js';
import type { Container, SandboxProcess } from '../../../src/sandbox/index.js';
import { type LedgerEntry, readLedger } from '../../../src/sandbox/ledger.js';
import { isAlive } from '../../support/processes.js';
import { waitFor } from '../../support/wait-for.js';
import { commandSpec, type Finished, finish, LIMITS, script, TestSandbox } from '../support/sandbox.js';
import { withoutBubblewrap } from './support.js';

const MIB = 1_048_576;
const SIZE = 2;

interface Ran extends Finished {
  readonly pid: number;
  readonly warm: boolean;
}

describe.skipIf(withoutBubblewrap)('sandboxes that are kept prepared', () => {
  let sandbox: TestSandbox;
  afterEach(() => sandbox?.[Symbol.asyncDispose]());

  const open = async (limits: Partial<EffectiveLimits> = {}, poolSize = SIZE): Promise<void> => {
    sandbox = await TestSandbox.open({ backend: 'bubblewrap', network: false, poolSize });
    sandbox.manager.keepWarm({ ...LIMITS, ...limits });
    await full(poolSize);
  };
  const full = (size = SIZE) => waitFor(() => waiting().length === size, 'sandboxes to be prepared');

  /** Those that wait, by what is on the ledger. */
  const waiting = (): readonly LedgerEntry[] =>
    readLedger(join(instance(), 'ledger.jsonl')).running.filter(({ executionId }) => executionId.startsWith('warm-'));
  const instance = (): string => {
    const [parent] = readdirSync(sandbox.root);
    const [id] = readdirSync(join(sandbox.root, parent!));
    return join(sandbox.root, parent!, id!);
  };
  const start = async (
    source: string,
    limits: Partial<EffectiveLimits> = {},
    files: readonly TaskFile[] = [],
  ): Promise<{ container: Container; process: SandboxProcess; warm: boolean }> => {
    const container = await sandbox.container(limits, files);
    const process = await sandbox.manager.executeInContainer(container, script(source));
    const lines = sandbox.logger.lines.filter(({ fields }) => 'warm' in fields);
    const line = lines.find(({ fields }) => 'executionId' in fields && fields.executionId === container.id);
    return { container, process, warm: line !== undefined && 'warm' in line.fields && line.fields.warm === true };
  };
  const run = async (...task: Parameters<typeof start>): Promise<Ran> => {
    const { container, process, warm } = await start(...task);
    const finished = await finish(process);
    await sandbox.manager.cleanupContainer(container);
    return { ...finished, pid: process.pid, warm };
  };

  it('are taken by tasks, each by one, and replaced', async () => {
    await open();
    const prepared = waiting().map(({ pid }) => pid);
    const results: Ran[] = [];
    for (let task = 0; task < 3; task += 1) {
      results.push(await run('ls -A . /tmp; touch mine /tmp/mine; echo done'));
      await full();
    }
    expect(results.map(({ stdout, warm }) => [stdout, warm])).toEqual(Array(3).fill(['.:\n\n/tmp:\ndone\n', true]));
    expect(prepared).toContain(results[0]?.pid);
    expect(new Set(results.map(({ pid }) => pid)).size).toBe(3);
    expect(results.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('are no containers, and tasks that find none do not wait for them', async () => {
    await open();
    expect(sandbox.manager.activeContainers).toBe(0);
    const results = await Promise.all(Array.from({ length: 3 * SIZE }, () => run('pwd')));
    expect(results.map(({ stdout }) => stdout)).toEqual(Array(3 * SIZE).fill('/sandbox/workspace\n'));
    expect(results.filter(({ warm }) => warm).length).toBeGreaterThanOrEqual(SIZE);
    expect(sandbox.manager.activeContainers).toBe(0);
  });

  it('hold the limits of their task', async () => {
    const limits = { memoryBytes: 64 * MIB, processes: 4, workspaceBytes: MIB, openFiles: 77, fileSizeBytes: 2 * MIB };
    await open(limits, 4);
    const memory = await run('head -c 200000000 /dev/zero | tail | wc -c', limits);
    expect(memory.warm).toBe(true);
    expect(memory.stdout).not.toBe('200000000\n');
    const processes = await run('for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; echo all', limits);
    expect([processes.warm, processes.stdout]).toEqual([true, '']);
    expect(processes.stderr).toMatch(/fork/i);
    const workspace = await run('head -c 1900000 /dev/zero > file; echo $?', limits);
    expect([workspace.warm, workspace.stdout]).toEqual([true, '1\n']);
    const rlimits = await run('ulimit -n; ulimit -f; df -P /dev/shm | tail -1', limits);
    expect(rlimits.stdout).toMatch(/^77\n4096\n\S+ +65536 /);
  });

  it('do not count to their task what they have used, nor what belongs to them', async () => {
    await open();
    const { process, warm } = await start('echo running; exec sleep 60');
    // Until then only what belongs to the sandbox may be there.
    await process.stdout.take(1).toArray();
    const usage = await process.accounting!.usage();
    expect(warm).toBe(true);
    if (usage.cpuMs !== null) expect(usage.cpuMs).toBeLessThan(cpuMsOfGroup(process.pid) ?? Infinity);
    if (usage.processes !== null) expect(usage.processes).toBe(1);
    await process.killTree();
  });

  it('bear their task from when it has come: on the ledger, and in the environment of its command', async () => {
    await open();
    const { container, process } = await start('echo $EXEC_SIDECAR_EXECUTION_ID; exec sleep 60');
    const { running } = readLedger(join(instance(), 'ledger.jsonl'));
    expect(running.find(({ executionId }) => executionId === container.id)).toMatchObject({ pid: process.pid });
    expect(waiting().map(({ pid }) => pid)).not.toContain(process.pid);
    const [said] = (await process.stdout.take(1).toArray()) as Buffer[];
    expect(`${said}`.trim()).toBe(container.id);
    await process.killTree();
  });

  it('that have died are passed over, and replaced', async () => {
    await open();
    const dead = waiting().map(({ pid }) => pid);
    for (const pid of dead) process.kill(pid, 'SIGKILL');
    // Without giving way: nothing but a look at the process can tell that it is gone.
    while (dead.some(isAlive));
    const { exit, pid } = await run('true');
    expect(exit.exitCode).toBe(0);
    expect(dead).not.toContain(pid);
    await waitFor(() => waiting().length === SIZE && waiting().every((entry) => isAlive(entry.pid)), 'replacements');
    expect(sandbox.logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect((await run('true')).warm).toBe(true);
  });

  it('are those of the policies that tasks have: one that comes again is served, one that came once is not', async () => {
    await open();
    const other = { workspaceBytes: 3 * MIB };
    expect((await run('true', { processes: 5 })).warm).toBe(false);
    const results = [await run('true', other), await run('true', other)];
    expect(results.map(({ warm }) => warm)).toEqual([false, false]);
    await waitFor(async () => (await run('true', other)).warm, 'a sandbox for the other policy');
  });

  it('take the files of their task', async () => {
    await open();
    const files = [{ path: 'bin/run.sh', data: '#!/bin/sh\ncat ../data', mode: 0o755 }];
    const withFiles = (data: string) => run('cd bin && ./run.sh', {}, [...files, { path: 'data', data }]);
    const data = 'x'.repeat(300_000);
    expect((await withFiles(data)).stdout).toBe(data);
    await waitFor(async () => {
      const { stdout, warm } = await withFiles('y');
      expect(stdout).toBe('y');
      return warm;
    }, 'a sandbox that waits for files');
  });

  it('leave nothing when the manager is closed, in the midst of preparing too', async () => {
    await open({}, 4);
    await run('true');
    const before = waiting().map(({ pid }) => pid);
    expect(await sandbox.manager.close()).toEqual({ leaked: 0 });
    expect(before.filter(isAlive)).toEqual([]);
    const [parent] = readdirSync(sandbox.root);
    expect(readdirSync(join(sandbox.root, parent!))).toEqual([]);
    await expect(sandbox.run(commandSpec('true'))).rejects.toMatchObject({ code: 'closed' });
  });

  it('are given back where their descriptors are needed', async () => {
    await open();
    const before = waiting().map(({ pid }) => pid);
    sandbox.manager.backend.giveBack();
    await waitFor(() => before.every((pid) => !isAlive(pid)), 'their end');
    expect((await run('true')).exit.exitCode).toBe(0);
  });

  it('are none where the pool has no room', async () => {
    sandbox = await TestSandbox.open({ backend: 'bubblewrap', network: false, poolSize: 0 });
    sandbox.manager.keepWarm(LIMITS);
    expect((await run('true')).warm).toBe(false);
    expect(waiting()).toEqual([]);
  });
});

/** All CPU time of the version 1 group that a process is in; null where there is none. */
function cpuMsOfGroup(pid: number): number | null {
  const group = /:cpuacct:(.*)/.exec(readFileSync(`/proc/${pid}/cgroup`, 'latin1'))?.[1];
  if (group === undefined) return null;
  return Number(readFileSync(`/sys/fs/cgroup/cpuacct${group}/cpuacct.usage`, 'latin1')) / 1e6;
}
