import { describe, expect, it } from 'vitest';
import { diagnose, type Findings } from '../../src/cli/diagnosis.js';
import { CGROUP_FEATURES, type CgroupSupport } from '../../src/sandbox/cgroup/index.js';
import { enforcementTable } from '../../src/sandbox/enforcement.js';
import { machine } from '../sandbox/support/machines.js';

const supported = (available: boolean) =>
  Object.fromEntries(
    CGROUP_FEATURES.map((feature) => [
      feature,
      available
        ? { available, mechanism: 'cgroup-v2' }
        : { available, code: 'not_writable', reason: `making /sys/fs/cgroup/${feature}: EACCES` },
    ]),
  ) as CgroupSupport;

function findings({ cgroups = true, bubblewrap = 'chosen', enableMonitoring = true } = {}): Findings {
  const cgroupSupport = supported(cgroups);
  const isChosen = bubblewrap === 'chosen';
  const works = bubblewrap !== 'missing';
  const reason = 'bwrap is not installed (package bubblewrap)';
  return {
    backend: isChosen ? 'bubblewrap' : 'process',
    available: [
      { backend: 'process', ok: true },
      { backend: 'bubblewrap', ok: works, ...(!works && { reason }) },
    ],
    enforcement: enforcementTable({ cgroups: cgroupSupport, sampled: enableMonitoring, workspaceIsMount: isChosen }),
    cgroupSupport,
    enableMonitoring,
  };
}

describe('the diagnosis of a machine', () => {
  it('has nothing to say where everything is enforced', () => {
    expect(diagnose(findings(), machine())).toEqual({ sampled: [], missing: [], advice: [] });
  });

  it('says of each limit that the kernel does not hold why that is, and which of them keep a task from requiring it', () => {
    const { sampled, missing } = diagnose(findings({ cgroups: false }), machine());
    expect(sampled).toEqual(['cpuTimeMs', 'memoryBytes', 'processes']);
    expect(missing).toEqual([
      { limit: 'cpuTimeMs', enforcedBy: 'sampled', reason: 'making /sys/fs/cgroup/cpuTime: EACCES' },
      { limit: 'memoryBytes', enforcedBy: 'sampled', reason: 'making /sys/fs/cgroup/memory: EACCES' },
      { limit: 'processes', enforcedBy: 'sampled', reason: 'making /sys/fs/cgroup/pids: EACCES' },
      { limit: 'cpuPercent', enforcedBy: 'unavailable', reason: 'making /sys/fs/cgroup/cpu: EACCES' },
    ]);
  });

  it('has a step for everything that is missing', () => {
    const { advice } = diagnose(findings({ cgroups: false, bubblewrap: 'missing' }), machine());
    expect(advice).toEqual([
      expect.stringMatching(/^bubblewrap: .*apt-get install bubblewrap/),
      expect.stringMatching(/^memory, pids, cpu, cpuTime, kill: .*Delegate=yes/),
    ]);
  });

  it('says where bubblewrap would work and was not chosen', () => {
    const { missing, advice } = diagnose(findings({ bubblewrap: 'works' }), machine());
    expect(missing).toEqual([
      { limit: 'workspaceBytes', enforcedBy: 'sampled', reason: expect.stringContaining('the sandbox process') },
    ]);
    expect(advice).toEqual([expect.stringMatching(/^workspaceBytes: .*set sandbox to auto or bubblewrap/)]);
  });

  it('says that nobody watches where monitoring is off and the kernel does not hold all', () => {
    const { advice } = diagnose(findings({ cgroups: false, enableMonitoring: false }), machine());
    expect(advice.at(-1)).toContain('enableMonitoring');
    expect(diagnose(findings({ enableMonitoring: false }), machine()).advice).toEqual([]);
  });
});
