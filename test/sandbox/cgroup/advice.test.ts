import { describe, expect, it } from 'vitest';
import { adviseCgroups } from '../../../src/sandbox/cgroup/advice.js';
import { CGROUP_FEATURES, type CgroupObstacleCode, type CgroupSupport } from '../../../src/sandbox/cgroup/support.js';

const supportWith = (obstacles: Partial<Record<keyof CgroupSupport, CgroupObstacleCode>>): CgroupSupport =>
  Object.fromEntries(
    CGROUP_FEATURES.map((feature) => {
      const code = obstacles[feature];
      if (code === undefined) return [feature, { available: true, mechanism: 'cgroup-v2' }];
      return [feature, { available: false, code, reason: 'x' }];
    }),
  ) as CgroupSupport;

describe('adviseCgroups', () => {
  it('has nothing to say where all that limits need is there', () => {
    expect(adviseCgroups(supportWith({}))).toEqual([]);
    expect(adviseCgroups(supportWith({ freezer: 'unsupported', io: 'not_delegated' }))).toEqual([]);
  });

  it('says one thing per kind of obstacle, and for which features', () => {
    const advice = adviseCgroups(supportWith({ memory: 'not_delegated', kill: 'unsupported', cpu: 'not_delegated' }));
    expect(advice).toEqual([
      expect.stringMatching(/^memory, cpu: have systemd hand the controllers down .*Delegate=/),
      expect.stringMatching(/^kill: this system or kernel does not have it/),
    ]);
  });

  it.each<[CgroupObstacleCode, RegExp]>([
    ['not_mounted', /mount -t cgroup2/],
    ['outside', /--cgroupns=private/],
    ['not_writable', /systemd-run --user --scope --quiet -p Delegate=yes -- exec-sidecar/],
    ['not_delegated', /user@\.service\.d\/delegate\.conf/],
    ['busy', /a group that holds no other process/],
    ['failed', /the reason above names the file/],
  ])('names the remedy for %s', (code, remedy) => {
    expect(adviseCgroups(supportWith({ memory: code }))).toEqual([expect.stringMatching(remedy)]);
  });
});
