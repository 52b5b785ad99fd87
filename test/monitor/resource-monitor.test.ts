import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { MonitorError } from '../../src/monitor/index.js';
import { LIMITS } from '../sandbox/support/sandbox.js';
import { createGate } from '../support/gate.js';
import { waitFor } from '../support/wait-for.js';
import { scriptedSampler, TestMonitor, target } from './support/monitors.js';

describe('a limit that is sampled', () => {
  it.each([
    ['cpuTimeMs', { cpuMs: 85 }, { cpuMs: 101 }, 'cpuLimitExceeded'],
    ['memoryBytes', { memoryBytes: 85 }, { memoryBytes: 101 }, 'memoryLimitExceeded'],
    ['processes', { processes: 85 }, { processes: 101 }, 'processLimitExceeded'],
  ] as const)('%s warns near, then as exhausted, then tells the breach', async (limit, near, beyond, status) => {
    using test = new TestMonitor({ sampler: scriptedSampler(near, near, beyond, beyond) });
    test.monitor.startMonitoring(target('task'), { ...LIMITS, [limit]: 100 }, test.observer);
    await waitFor(() => test.samples.length >= 4, 'four samples');
    expect(test.story).toEqual([`${limit} near`, `${limit} exhausted`, `${limit} breach`]);
    expect(test.warnings[0]).toMatchObject({ observed: 85, capacity: 100, fillPercent: 85, scope: 'task' });
    expect(test.breaches).toEqual([
      { evidence: { limit, capacity: 100, observed: 101, enforcedBy: 'sampled', confidence: 'sampled' }, status },
    ]);
  });

  it('warns near also where it is passed between two samples', async () => {
    using test = new TestMonitor({ sampler: scriptedSampler({ memoryBytes: 1 }, { memoryBytes: 1_000 }) });
    test.monitor.startMonitoring(target('task'), { ...LIMITS, memoryBytes: 100 }, test.observer);
    await waitFor(() => test.breaches.length > 0, 'the breach');
    expect(test.story).toEqual(['memoryBytes near', 'memoryBytes exhausted', 'memoryBytes breach']);
  });

  it('is not exceeded where it is just reached', async () => {
    using test = new TestMonitor({ sampler: scriptedSampler({ memoryBytes: 100, processes: 5, cpuMs: 9 }) });
    const limits = { ...LIMITS, memoryBytes: 100, processes: 5, cpuTimeMs: 9 };
    test.monitor.startMonitoring(target('task'), limits, test.observer);
    await waitFor(() => test.samples.length >= 3, 'three samples');
    expect(test.breaches).toEqual([]);
  });

  it('warns again when it was left in between', async () => {
    const [high, low] = [{ memoryBytes: 90 }, { memoryBytes: 10 }];
    using test = new TestMonitor({ sampler: scriptedSampler(high, high, low, low, high, high) });
    test.monitor.startMonitoring(target('task'), { ...LIMITS, memoryBytes: 100 }, test.observer);
    await waitFor(() => test.samples.length >= 6, 'six samples');
    expect(test.story).toEqual(['memoryBytes near', 'memoryBytes recovered', 'memoryBytes near']);
  });
});

describe('the first breach of a task', () => {
  it('is the only one', async () => {
    using test = new TestMonitor({ sampler: scriptedSampler({ memoryBytes: 200, cpuMs: 200, processes: 200 }) });
    const limits = { ...LIMITS, memoryBytes: 100, cpuTimeMs: 100, processes: 100, timeoutMs: 150 };
    test.monitor.startMonitoring(target('task'), limits, test.observer);
    await waitFor(
      () => test.samples.length >= 10 && test.warnings.some(({ limit }) => limit === 'timeoutMs'),
      'samples',
    );
    expect(test.breaches.map(({ status }) => status)).toEqual(['cpuLimitExceeded']);
    expect(test.story.filter((line) => line.endsWith('exhausted'))).toEqual(['cpuTimeMs exhausted']);
  });

  it('is followed by no other warning while the task dies', async () => {
    using test = new TestMonitor({ sampler: scriptedSampler({ memoryBytes: 200 }, { memoryBytes: 1 }) });
    test.monitor.startMonitoring(target('task'), { ...LIMITS, memoryBytes: 100 }, test.observer);
    await waitFor(() => test.samples.length >= 4, 'four samples');
    expect(test.story).toEqual(['memoryBytes near', 'memoryBytes exhausted', 'memoryBytes breach']);
  });

  it('is not taken for that of another task', async () => {
    using one = new TestMonitor();
    const { monitor, observer, breaches } = one;
    monitor.startMonitoring(target('short'), { ...LIMITS, timeoutMs: 30 }, observer);
    monitor.startMonitoring(target('long'), { ...LIMITS, timeoutMs: 60_000 }, observer);
    await waitFor(() => breaches.length > 0, 'the breach');
    expect(one.warnings.map(({ scope }) => scope)).toEqual(['short', 'short']);
  });
});

describe('the wall time', () => {
  it.each([true, false])('is watched by a timer, near and at its end, where sampling is %s', async (enabled) => {
    using test = new TestMonitor({ enabled });
    test.monitor.startMonitoring(target('task'), { ...LIMITS, timeoutMs: 300 }, test.observer);
    await waitFor(() => test.breaches.length > 0, 'the breach');
    expect(test.story).toEqual(['timeoutMs near', 'timeoutMs exhausted', 'timeoutMs breach']);
    expect(test.warnings[0]?.observed).toBeGreaterThanOrEqual(240);
    expect(test.warnings[0]?.observed).toBeLessThanOrEqual(300);
    const [{ evidence, status } = { evidence: null, status: null }] = test.breaches;
    expect(status).toBe('timeout');
    expect(evidence).toMatchObject({ limit: 'timeoutMs', capacity: 300, enforcedBy: 'timer', confidence: 'measured' });
    expect(evidence?.observed).toBeGreaterThanOrEqual(300);
  });

  it('may be limited to more than a timer of Node can wait', async () => {
    using test = new TestMonitor();
    const handle = test.monitor.startMonitoring(target('task'), { ...LIMITS, timeoutMs: 2 ** 40 }, test.observer);
    await waitFor(() => handle.target !== null && performance.now() > 0, 'a turn');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(test.story).toEqual([]);
    expect((await test.monitor.stopMonitoring(handle)).wallMs).toBeGreaterThanOrEqual(49);
  });

  it('no longer runs once the monitoring is being stopped, however long that takes', async () => {
    using test = new TestMonitor();
    const gate = createGate();
    const slow = target('task', async () => {
      await gate.opened;
      return null;
    });
    const handle = test.monitor.startMonitoring(slow, { ...LIMITS, timeoutMs: 100 }, test.observer);
    const stopping = test.monitor.stopMonitoring(handle);
    await new Promise((resolve) => setTimeout(resolve, 200));
    gate.open();
    expect((await stopping).wallMs).toBeLessThan(100);
    expect(test.story).toEqual([]);
  });
});

describe('the workspace', () => {
  it('is measured again and again, and a last time at the end', async () => {
    let measures = 0;
    using test = new TestMonitor();
    const measured = target('task', async () => ({ totalBytes: 10 * ++measures, largestFileBytes: 1 }));
    const handle = test.monitor.startMonitoring(measured, { ...LIMITS, workspaceBytes: 1_000_000 }, test.observer);
    await waitFor(() => measures >= 3, 'three measures');
    const before = measures;
    await test.monitor.stopMonitoring(handle);
    expect(measures).toBeGreaterThan(before);
  });

  it.each([
    ['workspaceBytes', { totalBytes: 101, largestFileBytes: 1 }],
    ['fileSizeBytes', { totalBytes: 101, largestFileBytes: 101 }],
  ] as const)('is held against %s even where the task has ended before any sample', async (limit, measure) => {
    using test = new TestMonitor({ intervalMs: 60_000 });
    const limits = { ...LIMITS, workspaceBytes: 1_000, fileSizeBytes: 1_000, [limit]: 100 };
    const handle = test.monitor.startMonitoring(
      target('task', async () => measure),
      limits,
      test.observer,
    );
    await test.monitor.stopMonitoring(handle);
    expect(test.breaches).toEqual([
      {
        evidence: { limit, capacity: 100, observed: 101, enforcedBy: 'sampled', confidence: 'sampled' },
        status: 'resourceLimitExceeded',
      },
    ]);
  });

  it('may be limited to nothing at all', async () => {
    using test = new TestMonitor({ intervalMs: 60_000 });
    const limits = { ...LIMITS, fileSizeBytes: 0, workspaceBytes: 0 };
    const measure = { totalBytes: 0, largestFileBytes: 0 };
    const empty = test.monitor.startMonitoring(
      target('empty', async () => measure),
      limits,
      test.observer,
    );
    await test.monitor.stopMonitoring(empty);
    expect(test.breaches).toEqual([]);
    const one = { totalBytes: 1, largestFileBytes: 1 };
    const filled = test.monitor.startMonitoring(
      target('filled', async () => one),
      limits,
      test.observer,
    );
    await test.monitor.stopMonitoring(filled);
    expect(test.breaches.map(({ evidence }) => evidence.limit)).toEqual(['workspaceBytes']);
  });

  it('takes a tenth of the time at most when measuring takes long', async () => {
    let [measures, busyMs] = [0, 0];
    using test = new TestMonitor({ intervalMs: 5 });
    const slow = target('task', async () => {
      const beganAt = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
      busyMs += performance.now() - beganAt;
      measures += 1;
      return null;
    });
    const beganAt = performance.now();
    test.monitor.startMonitoring(slow, LIMITS, test.observer);
    await waitFor(() => measures >= 4, 'four measures');
    expect(busyMs / (performance.now() - beganAt)).toBeLessThan(0.2);
  });

  it('tells nothing where it cannot be measured', async () => {
    using test = new TestMonitor();
    const broken = target('task', async () => {
      throw new Error('gone');
    });
    const handle = test.monitor.startMonitoring(broken, { ...LIMITS, workspaceBytes: 0 }, test.observer);
    await test.monitor.stopMonitoring(handle);
    expect(test.breaches).toEqual([]);
  });
});

describe('the figures of a task', () => {
  it('are unknown, not zero, where nothing was sampled', async () => {
    using test = new TestMonitor({ enabled: false });
    const handle = test.monitor.startMonitoring(target('task'), LIMITS, test.observer);
    expect(await test.monitor.stopMonitoring(handle)).toEqual({
      wallMs: expect.any(Number),
      cpuMs: null,
      userMs: null,
      systemMs: null,
      memoryPeakBytes: null,
      processPeak: null,
      ioReadBytes: null,
      ioWriteBytes: null,
    });
    expect(handle.usageHistory).toEqual([]);
  });

  it('are those of the last sample, with the peaks of all', async () => {
    const sampler = scriptedSampler(
      { memoryBytes: 10, processes: 3, cpuMs: 5, userMs: 4, systemMs: 1 },
      { memoryBytes: 90, processes: 1, cpuMs: 7, userMs: 5, systemMs: 2 },
      { memoryBytes: 20, processes: 2, cpuMs: 9, userMs: 6, systemMs: 3 },
    );
    using test = new TestMonitor({ sampler });
    const handle = test.monitor.startMonitoring(target('task'), LIMITS, test.observer);
    await waitFor(() => test.samples.length >= 3, 'three samples');
    expect(await test.monitor.stopMonitoring(handle)).toMatchObject({
      cpuMs: 9,
      userMs: 6,
      systemMs: 3,
      memoryPeakBytes: 90,
      processPeak: 3,
    });
    expect(test.samples[2]).toMatchObject({ memoryBytes: 20, memoryPeakBytes: 90, processes: 2, processPeak: 3 });
  });

  it('come with a history of the last thousand samples', async () => {
    const sampler = scriptedSampler(...Array.from({ length: 1_200 }, (_, index) => ({ cpuMs: index })));
    using test = new TestMonitor({ sampler, intervalMs: 1 });
    const handle = test.monitor.startMonitoring(target('task'), { ...LIMITS, cpuTimeMs: 10_000 }, test.observer);
    await waitFor(() => test.samples.length >= 1_100, '1,100 samples');
    expect(handle.usageHistory).toHaveLength(1_000);
    expect(handle.usageHistory.at(-1)).toEqual(test.samples.at(-1));
    expect(handle.usageHistory[0]).toEqual(test.samples.at(-1_000));
  });
});

describe('a monitor', () => {
  it('knows what it monitors, and stops for good', async () => {
    using test = new TestMonitor({ sampler: scriptedSampler({ cpuMs: 1 }) });
    const handle = test.monitor.startMonitoring(target('task'), LIMITS, test.observer);
    expect([...test.monitor.activeMonitors.keys()]).toEqual(['task']);
    expect(test.registry.snapshot().map(({ name }) => name)).toEqual([
      ...['sidecarOpenFiles', 'timeoutMs', 'cpuTimeMs', 'memoryBytes', 'processes', 'workspaceBytes', 'fileSizeBytes'],
    ]);
    const [usage, again] = await Promise.all([
      test.monitor.stopMonitoring(handle),
      test.monitor.stopMonitoring(handle),
    ]);
    expect(usage).toBe(again);
    expect(test.monitor.activeMonitors.size).toBe(0);
    expect(test.registry.snapshot().map(({ name }) => name)).toEqual(['sidecarOpenFiles']);
    const told = test.samples.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(test.samples).toHaveLength(told);
  });

  it('refuses the same task twice, and every task once it is closed', () => {
    using test = new TestMonitor();
    test.monitor.startMonitoring(target('task'), LIMITS, test.observer);
    expect(() => test.monitor.startMonitoring(target('task'), LIMITS, test.observer)).toThrow(MonitorError);
    test.monitor.close();
    expect(() => test.monitor.startMonitoring(target('other'), LIMITS, test.observer)).toThrow('the monitor is closed');
    expect(test.registry.snapshot()).toEqual([]);
  });

  it('does not sample twice at once, however long a sample takes', async () => {
    let [running, most, samples] = [0, 0, 0];
    const sampler = {
      sample: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 30));
        running -= 1;
        samples += 1;
        return new Map();
      },
      forget: () => undefined,
    };
    using test = new TestMonitor({ sampler, intervalMs: 2 });
    test.monitor.startMonitoring(target('task'), LIMITS, test.observer);
    await waitFor(() => samples >= 3, 'three samples');
    expect(most).toBe(1);
  });

  it('goes on when an observer fails, or the sampler', async () => {
    let calls = 0;
    const sampler = scriptedSampler({ memoryBytes: 200 });
    const failing = {
      ...sampler,
      sample: async (targets: Parameters<typeof sampler.sample>[0]) => {
        calls += 1;
        if (calls === 1) throw new Error('no /proc');
        return sampler.sample(targets);
      },
    };
    using test = new TestMonitor({ sampler: failing });
    const observer = {
      ...test.observer,
      onUsage: () => {
        throw new Error('observer');
      },
    };
    test.monitor.startMonitoring(target('task'), { ...LIMITS, memoryBytes: 100 }, observer);
    await waitFor(() => test.breaches.length > 0, 'the breach');
    expect(test.logger.lines.map(({ level }) => level)).toEqual(expect.arrayContaining(['warn', 'error']));
  });

  it('accepts what this machine can give, and tells why not where it cannot', () => {
    using test = new TestMonitor();
    expect(test.monitor.canAcceptTask({ ...LIMITS, memoryBytes: 1_000_000 })).toEqual({ ok: true });
    expect(test.monitor.canAcceptTask({ ...LIMITS, memoryBytes: totalmem() * 2 })).toEqual({
      ok: false,
      message: expect.stringMatching(/^limits\.memoryBytes: \d+ is more than the \d+ bytes/),
    });
    test.monitor.close();
    expect(test.monitor.canAcceptTask(LIMITS).ok).toBe(false);
  });
});
