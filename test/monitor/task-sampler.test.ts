import { describe, expect, it } from 'vitest';
import type { MonitorTarget } from '../../src/monitor/monitor-target.js';
import { TaskSampler } from '../../src/monitor/task-sampler.js';
import { TaskAccounting } from '../../src/sandbox/task-accounting.js';
import { cpuStat, fakeTask } from '../sandbox/cgroup/fake-task.js';
import { script, TestSandbox } from '../sandbox/support/sandbox.js';
import { target } from './support/monitors.js';

/** A task whose processes must not be asked for: the kernel has counted everything. */
function counted(executionId: string, accounting: TaskAccounting) {
  let asked = 0;
  const members = async () => {
    asked += 1;
    return [];
  };
  return { ...target(executionId), members, accounting, asked: () => asked };
}

async function sampleOne(task: MonitorTarget) {
  return (await new TaskSampler().sample([task])).get(task.executionId);
}

describe('the figures of a task', () => {
  it('are those of the kernel, without a look at its processes, where the kernel has all', async () => {
    const { cgroup, say } = await fakeTask();
    say({ 'cpu.stat': cpuStat(30.4, 12.3), 'pids.current': '4\n', 'memory.current': '5000000\n' });
    const task = counted('a', new TaskAccounting(cgroup));
    expect(await sampleOne(task)).toEqual({
      ...{ processes: 4, memoryBytes: 5_000_000, cpuMs: 43, userMs: 30, systemMs: 12 },
    });
    expect(task.asked()).toBe(0);
  });

  it('leave out the page cache, which the kernel drops before it kills', async () => {
    const { cgroup, say } = await fakeTask();
    const stat = 'anon 1000000\ninactive_file 3000000\nactive_file 500000\nslab_reclaimable 500000\n';
    say({ 'pids.current': '1\n', 'memory.current': '5000000\n', 'memory.stat': stat });
    expect((await sampleOne(counted('a', new TaskAccounting(cgroup))))?.memoryBytes).toBe(1_000_000);
    say({ 'memory.current': '100\n' });
    expect((await sampleOne(counted('a', new TaskAccounting(cgroup))))?.memoryBytes).toBe(0);
  });

  it('are not there for a task of which nothing is alive but the helpers of its sandbox', async () => {
    const { cgroup, say } = await fakeTask();
    say({ 'pids.current': '3\n', 'memory.current': '5000\n' });
    expect(await sampleOne(counted('a', new TaskAccounting(cgroup, 3)))).toBeUndefined();
    expect(await sampleOne(counted('a', new TaskAccounting(cgroup, 2)))).toMatchObject({ processes: 1 });
  });

  it('are not there for a task that nobody knows', async () => {
    expect(await new TaskSampler().sample([target('gone')])).toEqual(new Map());
  });

  it.skipIf(process.platform !== 'linux')(
    'are sampled where the kernel has none, and taken from both where it has some',
    async () => {
      await using sandbox = await TestSandbox.open();
      const running = await sandbox.start(script('sleep 600 & sleep 600'));
      await new Promise((resolve) => setTimeout(resolve, 100));
      const members = () => running.members();
      const { cgroup, say } = await fakeTask(['memory']);
      say({ 'memory.current': '123456\n', 'cpu.stat': cpuStat(30, 10) });
      const sampler = new TaskSampler();
      const samples = await sampler.sample([
        { ...target('sampled'), members, accounting: null },
        { ...target('mixed'), members, accounting: new TaskAccounting(cgroup) },
        { ...target('helped'), members, helpers: 1 },
      ]);
      const sampled = samples.get('sampled')!;
      expect(sampled.processes).toBeGreaterThanOrEqual(2);
      expect(sampled.memoryBytes).toBeGreaterThan(0);
      expect(samples.get('mixed')).toEqual({
        ...{ processes: sampled.processes, memoryBytes: 123_456, cpuMs: 40, userMs: 30, systemMs: 10 },
      });
      expect(samples.get('helped')?.processes).toBe(sampled.processes - 1);
      for (const id of samples.keys()) sampler.forget(id);
      await running.killTree();
    },
  );
});
