import { describe, expect, it } from 'vitest';
import { CGROUP_FEATURES, type CgroupFeature, type CgroupSupport } from '../../src/sandbox/cgroup/index.js';
import { enforcementTable } from '../../src/sandbox/enforcement.js';

/** Cgroups of version 2 that have these features only. */
function cgroupsWith(...features: CgroupFeature[]): CgroupSupport {
  const supportOf = (feature: CgroupFeature) =>
    features.includes(feature)
      ? { available: true, mechanism: 'cgroup-v2' }
      : { available: false, code: 'not_mounted', reason: 'x' };
  return Object.fromEntries(CGROUP_FEATURES.map((each) => [each, supportOf(each)])) as CgroupSupport;
}

const EXACT = { timeoutMs: 'timer', outputBytes: 'counter', fileSizeBytes: 'rlimit', openFiles: 'rlimit' };

describe('who enforces each limit', () => {
  it('is the kernel for all that cgroups and a file system of its own can hold', () => {
    const cgroups = cgroupsWith(...CGROUP_FEATURES);
    expect(enforcementTable({ cgroups, sampled: true, workspaceIsMount: true })).toEqual({
      ...EXACT,
      ...{ cpuTimeMs: 'cgroup-v2', memoryBytes: 'cgroup-v2', processes: 'cgroup-v2', cpuPercent: 'cgroup-v2' },
      workspaceBytes: 'tmpfs',
    });
  });

  it('is the monitor for the rest, which cannot hold a CPU rate', () => {
    expect(enforcementTable({ cgroups: cgroupsWith(), sampled: true, workspaceIsMount: false })).toEqual({
      ...EXACT,
      ...{ cpuTimeMs: 'sampled', memoryBytes: 'sampled', processes: 'sampled', workspaceBytes: 'sampled' },
      cpuPercent: 'unavailable',
    });
  });

  it('is nobody where there is no monitor either, rlimits aside', () => {
    expect(enforcementTable({ cgroups: cgroupsWith(), sampled: false, workspaceIsMount: false })).toEqual({
      ...EXACT,
      ...{ memoryBytes: 'unavailable', processes: 'unavailable', workspaceBytes: 'unavailable' },
      ...{ cpuTimeMs: 'rlimit', cpuPercent: 'unavailable' },
    });
  });

  it('is an rlimit for CPU time where nobody looks at the counter of the cgroup', () => {
    const cgroups = cgroupsWith(...CGROUP_FEATURES);
    const table = enforcementTable({ cgroups, sampled: false, workspaceIsMount: true });
    expect(table).toMatchObject({ cpuTimeMs: 'rlimit', memoryBytes: 'cgroup-v2', processes: 'cgroup-v2' });
  });

  it.each([
    ['memory', 'memoryBytes'],
    ['pids', 'processes'],
    ['cpuTime', 'cpuTimeMs'],
    ['cpu', 'cpuPercent'],
  ] as const)('takes from %s only what it is for: %s', (feature, limit) => {
    const table = enforcementTable({ cgroups: cgroupsWith(feature), sampled: true, workspaceIsMount: false });
    const kernel = Object.entries(table).filter(([, by]) => by === 'cgroup-v2');
    expect(kernel.map(([name]) => name)).toEqual([limit]);
  });
});
