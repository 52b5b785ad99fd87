import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxProcess } from '../../src/sandbox/index.js';
import { killTree } from '../../src/sandbox/kill-tree.js';
import { readProcesses } from '../../src/sandbox/process-reader.js';
import { ProcessTable } from '../../src/sandbox/process-table.js';
import { ProcessTree } from '../../src/sandbox/process-tree.js';
import { isAlive } from '../support/processes.js';
import { without } from '../support/requirements.js';
import { waitFor } from '../support/wait-for.js';
import { commandSpec, script, TestSandbox } from './support/sandbox.js';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await TestSandbox.open();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const onLinux = process.platform === 'linux';

/** Reads what a command writes until it has written so many lines of numbers. */
async function pidsFrom(process: SandboxProcess, count: number): Promise<number[]> {
  let text = '';
  process.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await waitFor(() => text.split('\n').length > count, `${count} pids, got ${JSON.stringify(text)}`);
  return text.trim().split('\n').map(Number);
}

async function expectAllKilled(process: SandboxProcess, pids: readonly number[]): Promise<void> {
  expect(pids.filter((pid) => !isAlive(pid))).toEqual([]);
  await process.killTree();
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await process.members()).toEqual([]);
  await process.exited;
}

/** While another command runs, it is for the tree to find what one has left. */
async function startNeighbour(): Promise<void> {
  await sandbox.start(script('exec sleep 600'));
}

describe('killing the tree of a command', () => {
  it('kills the command and its children', async () => {
    const process = await sandbox.start(script('sleep 600 & echo $!; sleep 600 & echo $!; echo $$; wait'));
    await expectAllKilled(process, await pidsFrom(process, 3));
    expect(await process.exited).toEqual({ exitCode: null, signal: 'SIGKILL' });
  });

  it('kills what ignores every signal that can be ignored', async () => {
    const process = await sandbox.start(script('trap "" TERM INT HUP QUIT TSTP; echo $$; while :; do sleep 1; done'));
    const pids = await pidsFrom(process, 1);
    process.signal('SIGTERM');
    await expectAllKilled(process, pids);
  });

  it('kills what has stopped itself', async () => {
    const process = await sandbox.start(script('echo $$; kill -STOP $$'));
    await expectAllKilled(process, await pidsFrom(process, 1));
  });

  it.skipIf(without('setsid'))('kills a child in a session of its own', async () => {
    const process = await sandbox.start(script("setsid sh -c 'echo $$; exec sleep 600' & echo $$; wait"));
    await expectAllKilled(process, await pidsFrom(process, 2));
  });

  it.skipIf(!onLinux || without('setsid'))('kills a daemon that was forked twice in a session of its own', async () => {
    await startNeighbour();
    const daemon = `setsid sh -c 'sh -c "echo \\$\\$; exec sleep 600" & exit' & wait`;
    const process = await sandbox.start(script(daemon));
    const [pid] = await pidsFrom(process, 1);
    await process.exited;
    await waitFor(() => parentOf(pid!) !== process.pid, 'the daemon to be orphaned');
    await expectAllKilled(process, [pid!]);
  });

  it.skipIf(!onLinux || without('setsid'))(
    'kills a child that has left the session and dropped its environment',
    async () => {
      await startNeighbour();
      const process = await sandbox.start(script("env -i setsid sh -c 'echo $$; exec sleep 600' & sleep 600"));
      const pids = await pidsFrom(process, 1);
      await waitFor(async () => (await process.members()).includes(pids[0]!), 'the child to be seen');
      process.signal('SIGTERM');
      await process.exited;
      await expectAllKilled(process, pids);
    },
  );

  it('kills a storm of two hundred processes that goes on forking', async () => {
    const storm = 'i=0; while [ $i -lt 200 ]; do (while :; do sleep 0.05; done) & i=$((i+1)); done; echo $$; wait';
    const process = await sandbox.start(script(storm), { processes: 1_024 });
    await pidsFrom(process, 1);
    const members = await process.members();
    expect(members.length).toBeGreaterThan(200);
    await process.killTree();
    expect(members.filter(isAlive)).toEqual([]);
    expect(await process.members()).toEqual([]);
  });

  it('may be asked for again and again, and after the end', async () => {
    const process = await sandbox.start(script('sleep 600'));
    await Promise.all([process.killTree(), process.killTree()]);
    await process.killTree();
    expect(isAlive(process.pid)).toBe(false);
  });

  it('leaves other tasks alone', async () => {
    const [one, other] = await Promise.all([sandbox.start(script('sleep 600')), sandbox.start(script('sleep 600'))]);
    await one.killTree();
    expect(isAlive(other.pid)).toBe(true);
    expect(await other.members()).toContain(other.pid);
    await other.killTree();
  });
});

describe('killing a tree that cannot be seen, or not be killed', () => {
  const treeOf = (pid: number) =>
    new ProcessTree({ roots: [{ pid, startTime: null }], groups: [pid], since: 0, isMarked: () => false });

  it('goes on when the processes could not be read for a moment', async () => {
    const task = await sandbox.start(script('sleep 600'));
    let reads = 0;
    const table = new ProcessTable(async () => {
      reads += 1;
      if (reads % 2 === 1) throw new Error('too many open files');
      return readProcesses();
    });
    expect(await killTree(treeOf(task.pid), { table })).toBe(0);
    expect(isAlive(task.pid)).toBe(false);
  });

  it('does not claim success when the processes could not be read at all', async () => {
    const table = new ProcessTable(async () => {
      throw new Error('too many open files');
    });
    await expect(killTree(treeOf(2 ** 30), { table, deadlineMs: 50 })).rejects.toThrow('too many open files');
  });

  it('tells how many would not die until the deadline', async () => {
    const immortal = { ppid: 1, pgid: 2 ** 30, sid: null, state: 'D', startTime: 5, times: null };
    const table = new ProcessTable(async () => [
      { ...immortal, pid: 2 ** 30 },
      { ...immortal, pid: 2 ** 30 + 1 },
    ]);
    expect(await killTree(treeOf(2 ** 30), { table, deadlineMs: 50 })).toBe(2);
  });
});

describe('the members of a tree', () => {
  it('are the processes that are alive, and nobody else', async () => {
    const task = await sandbox.start(script('sleep 600 & echo $!; echo $$; wait'));
    const pids = await pidsFrom(task, 2);
    await waitFor(async () => (await task.members()).length >= 2, 'both to be seen');
    expect(new Set(await task.members())).toEqual(new Set(pids));
    await task.killTree();
  });

  it('do not hold the dead that nobody has waited for', async () => {
    const task = await sandbox.start(commandSpec('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 600']));
    const [child] = await pidsFrom(task, 1);
    await waitFor(() => !isAlive(child!), 'the child to end');
    expect(await task.members()).toEqual([task.pid]);
    await task.killTree();
  });
});

describe('cleaning up a container', () => {
  it('kills what runs in it, and tells that nothing is left', async () => {
    const container = await sandbox.container();
    const process = await container.execute(script('sleep 600 & echo $!; sleep 600'));
    const pids = await pidsFrom(process, 1);
    expect(await sandbox.manager.cleanupContainer(container)).toEqual({ leaked: 0 });
    expect([...pids, process.pid].filter(isAlive)).toEqual([]);
    expect(await sandbox.manager.cleanupContainer(container)).toEqual({ leaked: 0 });
  });

  it('waits for a command that is just being started', async () => {
    const container = await sandbox.container();
    const starting = container.execute(script('sleep 600'));
    await container.cleanup();
    const process = await starting;
    expect(isAlive(process.pid)).toBe(false);
  });
});

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
