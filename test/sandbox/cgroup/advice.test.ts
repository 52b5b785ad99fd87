import { describe, expect, it } from 'vitest';
import { adviseCgroups } from '../../../src/sandbox/cgroup/advice.js';
import { CGROUP_FEATURES, type CgroupObstacleCode, type CgroupSupport } from '../../../src/sandbox/cgroup/support.js';
import { type MachineOptions, machine } from '../support/machines.js';

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
    expect(adviseCgroups(supportWith({ io: 'not_delegated' }))).toEqual([]);
  });

  it('says one thing per kind of obstacle, and for which features', () => {
    const advice = adviseCgroups(
      supportWith({ memory: 'not_delegated', kill: 'unsupported', cpu: 'not_delegated' }),
      machine(),
    );
    expect(advice).toEqual([
      expect.stringMatching(/^memory, cpu: have systemd hand the controllers down .*Delegate=/),
      expect.stringMatching(/^kill: this system or kernel does not have it/),
    ]);
  });

  it.each<[CgroupObstacleCode, MachineOptions, RegExp]>([
    ['unsupported', {}, /Linux 5\.14 or newer/],
    ['not_mounted', {}, /mount -t cgroup2/],
    ['not_mounted', { isContainer: true }, /--cgroupns=private/],
    ['outside', {}, /--cgroupns=private/],
    ['not_writable', {}, /`systemd-run --user --scope --quiet -p Delegate=yes -- exec-sidecar serve`.*enable-linger/],
    ['not_writable', { isRoot: true }, /`systemd-run --scope --quiet -p Delegate=yes -- exec-sidecar serve`/],
    ['not_writable', { hasSystemd: false }, /chown -R <user> \/sys\/fs\/cgroup\/exec-sidecar/],
    ['not_writable', { isUnified: false }, /`systemd\.unified_cgroup_hierarchy=1`/],
    ['not_writable', { isUnified: false, hasSystemd: false }, /`cgroup_no_v1=all`/],
    ['not_writable', { isContainer: true, isUnified: false }, /writable in the container/],
    ['not_delegated', {}, /`Delegate=cpu io memory pids` into .*user@\.service\.d\/delegate\.conf.*daemon-reload/],
    ['not_delegated', { hasSystemd: false }, /\+cpu \+memory \+pids.*cgroup\.subtree_control/],
    ['not_delegated', { isUnified: false }, /unified_cgroup_hierarchy/],
    ['busy', {}, /the sidecar alone.*systemd-run --user --scope.*Delegate=yes` is not enough/],
    ['busy', { hasSystemd: false }, /a group that holds no other process.*cgroup\.procs/],
    ['failed', {}, /the reason above names the file/],
  ])('names the remedy for %s on %j', (code, options, remedy) => {
    expect(adviseCgroups(supportWith({ memory: code }), machine(options))).toEqual([expect.stringMatching(remedy)]);
  });
});
