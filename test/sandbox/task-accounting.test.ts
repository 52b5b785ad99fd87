import { describe, expect, it } from 'vitest';
import { TaskAccounting } from '../../src/sandbox/task-accounting.js';
import { cpuStat, fakeTask } from './cgroup/fake-task.js';

describe('the accounting of a task', () => {
  it('gives the figures of its cgroup as they are where the sandbox has no share in them', async () => {
    const { cgroup, say } = await fakeTask();
    say({ 'cpu.stat': cpuStat(30, 12), 'pids.current': '4\n', 'pids.peak': '9\n', 'memory.current': '5000\n' });
    const usage = await new TaskAccounting(cgroup).usage();
    expect(usage).toMatchObject({ cpuMs: 42, userMs: 30, systemMs: 12, processes: 4, processPeak: 9 });
    expect(usage.memoryBytes).toBe(5_000);
  });

  it('leaves out the helpers of the sandbox and what was used before the task was let loose', async () => {
    const { cgroup, say } = await fakeTask();
    say({ 'cpu.stat': cpuStat(10, 5) });
    const before = await cgroup.usage();
    const accounting = new TaskAccounting(cgroup, 3, before);
    say({ 'cpu.stat': cpuStat(110, 25), 'pids.current': '5\n', 'pids.peak': '8\n' });
    expect(await accounting.usage()).toMatchObject({
      ...{ cpuMs: 120, userMs: 100, systemMs: 20 },
      ...{ processes: 2, processPeak: 5 },
    });
  });

  it('is never below nothing, as when the helpers end before the figures are read', async () => {
    const { cgroup, say } = await fakeTask();
    say({ 'pids.current': '1\n', 'pids.peak': '2\n' });
    expect(await new TaskAccounting(cgroup, 3).usage()).toMatchObject({ processes: 0, processPeak: 0 });
  });

  it('keeps what is not known null, helpers or not', async () => {
    const { cgroup } = await fakeTask([]);
    expect(await new TaskAccounting(cgroup, 3).usage()).toMatchObject({
      ...{ memoryBytes: null, memoryPeakBytes: null, processes: null, processPeak: null, ioReadBytes: null },
    });
  });

  it('tells how often limits took effect, and when memory nears its limit', async () => {
    const { cgroup, say } = await fakeTask();
    const accounting = new TaskAccounting(cgroup, 3);
    let nudges = 0;
    using _watch = await accounting.watchMemory(() => {
      nudges += 1;
    });
    say({ 'memory.events': 'high 1\nmax 2\noom_kill 1\n', 'pids.events': 'max 7\n' });
    expect(nudges).toBe(1);
    expect(await accounting.events()).toEqual({ oomKills: 1, memoryLimitHits: 2, processLimitHits: 7 });
  });
});
