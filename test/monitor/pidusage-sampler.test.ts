import { readdirSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EffectiveLimits } from '../../protocol/index.js';
import { PidusageSampler } from '../../src/monitor/pidusage-sampler.js';
import type { CommandSpec } from '../../src/sandbox/index.js';
import { commandSpec, LIMITS, script, TestSandbox } from '../sandbox/support/sandbox.js';
import { isAlive } from '../support/processes.js';
import { waitFor } from '../support/wait-for.js';
import { TestMonitor } from './support/monitors.js';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await TestSandbox.open();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const onLinux = process.platform === 'linux';
const node = (source: string) => commandSpec(process.execPath, ['-e', source]);

/**
 * Runs a command under a monitor, as an executor does, until a limit ends it or a condition holds. Only the monitor
 * knows the limits: no kernel comes before it.
 */
async function monitored(spec: CommandSpec, limits: Partial<EffectiveLimits>, until = (_: TestMonitor) => false) {
  using test = new TestMonitor({ intervalMs: 50 });
  const container = await sandbox.container();
  const task = await container.execute(spec);
  const { id: executionId } = container;
  const target = {
    executionId,
    members: () => task.members(),
    measureWorkspace: () => container.measureWorkspace(),
  };
  const handle = test.monitor.startMonitoring(target, { ...LIMITS, ...limits }, test.observer);
  await waitFor(() => test.breaches.length > 0 || until(test), 'a breach or the condition', 40_000);
  const members = await task.members();
  await task.killTree();
  const usage = await test.monitor.stopMonitoring(handle);
  await container.cleanup();
  expect(members.filter(isAlive)).toEqual([]);
  return { test, usage, history: handle.usageHistory };
}

describe('sampling real processes', () => {
  it('catches a command that takes too much memory', async () => {
    const hog = node('const kept = []; setInterval(() => kept.push(Buffer.alloc(4_000_000, 1)), 20)');
    const { test, usage } = await monitored(hog, { memoryBytes: 200_000_000 });
    expect(test.story).toEqual(['memoryBytes near', 'memoryBytes exhausted', 'memoryBytes breach']);
    expect(test.breaches[0]).toMatchObject({ status: 'memoryLimitExceeded', evidence: { capacity: 200_000_000 } });
    expect(usage.memoryPeakBytes).toBeGreaterThan(200_000_000);
  });

  it('adds up the memory of the whole tree', async () => {
    const child = `setInterval(() => {}, 1000); globalThis.kept = Buffer.alloc(60_000_000, 1)`;
    const source = `for (let i = 0; i < 3; i++) require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}])`;
    const { usage } = await monitored(node(source), { memoryBytes: 200_000_000 });
    expect(usage.memoryPeakBytes).toBeGreaterThan(200_000_000);
  });

  it('catches a command that takes too much CPU time', async () => {
    const { test, usage } = await monitored(node('for (;;);'), { cpuTimeMs: 500 });
    expect(test.story).toEqual(['cpuTimeMs near', 'cpuTimeMs exhausted', 'cpuTimeMs breach']);
    expect(usage.cpuMs).toBeGreaterThan(500);
    expect((usage.userMs ?? 0) + (usage.systemMs ?? 0)).toBe(onLinux ? usage.cpuMs : 0);
  });

  it.skipIf(!onLinux)('catches one whose many children are each too short to be seen', async () => {
    const brief = script('while :; do sh -c "i=0; while [ \\$i -lt 20000 ]; do i=\\$((i+1)); done"; done');
    const { test } = await monitored(brief, { cpuTimeMs: 600 });
    expect(test.breaches[0]?.status).toBe('cpuLimitExceeded');
  });

  it('catches a command that has too many processes', async () => {
    const forks = script('for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 600 & done; wait');
    const { test, usage } = await monitored(forks, { processes: 10 });
    expect(test.breaches[0]).toMatchObject({ status: 'processLimitExceeded', evidence: { limit: 'processes' } });
    expect(usage.processPeak).toBeGreaterThan(10);
  });

  it('catches a command that fills its workspace', async () => {
    const writes = script('i=0; while :; do head -c 100000 /dev/zero > f$i; i=$((i+1)); sleep 0.02; done');
    const { test } = await monitored(writes, { workspaceBytes: 1_000_000 });
    expect(test.story).toEqual(['workspaceBytes near', 'workspaceBytes exhausted', 'workspaceBytes breach']);
    expect(test.breaches[0]).toMatchObject({ status: 'resourceLimitExceeded' });
  });

  it('tells what a harmless command uses, growing from sample to sample', async () => {
    const { test, usage, history } = await monitored(script('sleep 600'), {}, ({ samples }) => samples.length >= 4);
    expect(test.breaches).toEqual([]);
    expect(usage.memoryPeakBytes).toBeGreaterThan(0);
    expect(usage.processPeak).toBeGreaterThanOrEqual(1);
    expect(history.length).toBeGreaterThanOrEqual(4);
    const times = history.map(({ wallMs }) => wallMs ?? 0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('the sampler', () => {
  it('keeps the tasks apart, and leaves out what is gone', async () => {
    const sampler = new PidusageSampler();
    const [one, two] = await Promise.all([
      sandbox.start(script('exec sleep 600')),
      sandbox.start(script('sleep 600 & sleep 600')),
    ]);
    await waitFor(async () => (await two.members()).length >= 2, 'the child');
    const measureWorkspace = async () => null;
    const targets = [
      { executionId: 'one', members: () => one.members(), measureWorkspace },
      { executionId: 'two', members: () => two.members(), measureWorkspace },
      { executionId: 'gone', members: async () => [2 ** 30], measureWorkspace },
      { executionId: 'broken', members: () => Promise.reject(new Error('broken')), measureWorkspace },
    ];
    const samples = await sampler.sample(targets);
    expect([...samples.keys()]).toEqual(['one', 'two']);
    expect(samples.get('one')?.processes).toBe(1);
    expect(samples.get('two')?.processes).toBeGreaterThanOrEqual(2);
    await Promise.all([one.killTree(), two.killTree()]);
    expect((await sampler.sample(targets)).size).toBe(0);
  });

  it.skipIf(!onLinux)('lets go of the files of processes that are gone', async () => {
    const task = await sandbox.start(script('sleep 600'));
    const sampler = new PidusageSampler();
    const measureWorkspace = async () => null;
    await sampler.sample([{ executionId: 'x', members: () => task.members(), measureWorkspace }]);
    expect(openFiles()).toContain(`/proc/${task.pid}/stat`);
    await task.killTree();
    await waitFor(() => !openFiles().includes(`/proc/${task.pid}/stat`), 'the file to be closed');
  });
});

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });
}
