import { CGROUP_FEATURES, type CgroupFeature, type CgroupObstacleCode, type CgroupSupport } from './support.js';

/**
 * What a user can do about what cgroups cannot do here, one sentence or two per kind of obstacle; empty where they can
 * do all that limits need. `freezer` and `io` are left out: no limit depends on them.
 */
export function adviseCgroups(support: CgroupSupport): string[] {
  const features = new Map<CgroupObstacleCode, CgroupFeature[]>();
  for (const feature of CGROUP_FEATURES) {
    const found = support[feature];
    if (found.available || feature === 'freezer' || feature === 'io') continue;
    features.set(found.code, [...(features.get(found.code) ?? []), feature]);
  }
  return [...features].map(([code, names]) => `${names.join(', ')}: ${ADVICE[code]}`);
}

const OWN_SCOPE = 'systemd-run --user --scope --quiet -p Delegate=yes -- exec-sidecar';

const ADVICE: Readonly<Record<CgroupObstacleCode, string>> = {
  unsupported:
    'this system or kernel does not have it. Linux 5.14 or newer with the unified cgroup hierarchy has all of it.',
  not_mounted:
    'mount the unified hierarchy with `mount -t cgroup2 none /sys/fs/cgroup`, or start the container with one.',
  outside:
    'start the container in a cgroup namespace of its own (`docker run --cgroupns=private`), so that its own group is the top of /sys/fs/cgroup.',
  not_writable: `let systemd delegate a group: start with \`${OWN_SCOPE}\`, or put \`Delegate=yes\` into the [Service] section of the unit. In a container, make /sys/fs/cgroup writable.`,
  not_delegated:
    'have systemd hand the controllers down to users: put `[Service]` and `Delegate=cpu io memory pids` into /etc/systemd/system/user@.service.d/delegate.conf, run `systemctl daemon-reload`, and log in again.',
  busy: `start it in a group that holds no other process: with \`${OWN_SCOPE}\`, or, where the host has a delegated group, from a child group that the host makes for it.`,
  failed: 'the kernel refused; the reason above names the file and the error.',
};
