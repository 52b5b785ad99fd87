import { type Machine, thisMachine } from '../machine.js';
import { CGROUP_FEATURES, type CgroupFeature, type CgroupObstacleCode, type CgroupSupport } from './support.js';

/**
 * What a user can do about what cgroups cannot do on a machine, one step per kind of obstacle; empty where they can do
 * all that limits need. `io` is left out: no limit depends on it.
 */
export function adviseCgroups(support: CgroupSupport, machine = thisMachine()): string[] {
  const features = new Map<CgroupObstacleCode, CgroupFeature[]>();
  for (const feature of CGROUP_FEATURES) {
    const found = support[feature];
    if (found.available || feature === 'io') continue;
    features.set(found.code, [...(features.get(found.code) ?? []), feature]);
  }
  return [...features].map(([code, names]) => `${names.join(', ')}: ${ADVICE[code](machine)}`);
}

const ADVICE: Readonly<Record<CgroupObstacleCode, (machine: Machine) => string>> = {
  unsupported: () =>
    'this system or kernel does not have it. Linux 5.14 or newer with the unified cgroup hierarchy has all of it.',
  not_mounted: ({ isContainer }) =>
    isContainer
      ? `start the container with its cgroups mounted. ${WRITABLE_IN_CONTAINER}`
      : 'mount the unified hierarchy with `mount -t cgroup2 none /sys/fs/cgroup` as root.',
  outside: () =>
    'start the container in a cgroup namespace of its own (`docker run --cgroupns=private`), so that its own group is the top of /sys/fs/cgroup.',
  not_writable: (machine) => {
    if (machine.isContainer) return WRITABLE_IN_CONTAINER;
    if (!machine.isUnified) return unify(machine);
    return machine.hasSystemd ? inOwnScope(machine) : HAND_OVER;
  },
  not_delegated: (machine) => {
    const { isContainer, isRoot, hasSystemd } = machine;
    if (!machine.isUnified && !isContainer) return unify(machine);
    return isContainer || isRoot || !hasSystemd ? HAND_DOWN : DELEGATE_TO_USERS;
  },
  busy: (machine) =>
    machine.hasSystemd && !machine.isContainer
      ? inOwnScope(machine)
      : `start it in a group that holds no other process, from a script that the host spawns in its place: ${OWN_GROUP}; and ${HAND_DOWN}`,
  failed: () => 'the kernel refused; the reason above names the file and the error.',
};

/** The sidecar alone has to be in the group that is delegated, so its host cannot share its own with it. */
function inOwnScope({ isRoot }: Machine): string {
  const user = isRoot ? '' : '--user ';
  const manager = isRoot
    ? ''
    : ' It needs your user manager: `loginctl enable-linger` keeps one where you are not logged in, and XDG_RUNTIME_DIR=/run/user/<uid> finds it.';
  return `let systemd delegate a group to the sidecar alone: start it as \`systemd-run ${user}--scope --quiet -p Delegate=yes -- exec-sidecar serve\`, which a host does by a script that it spawns in its place.${manager} A unit file with \`Delegate=yes\` is not enough while the host is in the same group.`;
}

const OWN_GROUP =
  '`mkdir -p /sys/fs/cgroup/exec-sidecar && echo $$ > /sys/fs/cgroup/exec-sidecar/cgroup.procs && exec exec-sidecar serve`';

const HAND_DOWN =
  'the groups above have to hand the controllers down, and then hold no process themselves: write `+cpu +memory +pids` into their cgroup.subtree_control.';

const HAND_OVER =
  'as root, make a group and give it to the user: `mkdir /sys/fs/cgroup/exec-sidecar`, `chown -R <user> /sys/fs/cgroup/exec-sidecar`, `echo "+cpu +memory +pids" > /sys/fs/cgroup/cgroup.subtree_control`; and let root start the sidecar in it, and change to the user: `echo $$ > /sys/fs/cgroup/exec-sidecar/cgroup.procs && exec setpriv --reuid <user> --init-groups exec-sidecar serve`.';

function unify({ hasSystemd }: Machine): string {
  const parameter = hasSystemd ? 'systemd.unified_cgroup_hierarchy=1' : 'cgroup_no_v1=all';
  return `boot with the unified cgroup hierarchy (kernel parameter \`${parameter}\`), since version 1 is not delegated to users; or start the sidecar as root: under bubblewrap tasks are an unprivileged user all the same.`;
}

const WRITABLE_IN_CONTAINER =
  'make /sys/fs/cgroup writable in the container: `docker run --privileged --cgroupns=private`, `podman run --security-opt unmask=/sys/fs/cgroup`, or a runtime with delegated cgroups such as LXC; as a user other than root it has to own its group too.';

const DELEGATE_TO_USERS =
  'have systemd hand the controllers down to users: put `[Service]` and `Delegate=cpu io memory pids` into /etc/systemd/system/user@.service.d/delegate.conf, run `systemctl daemon-reload`, and log in again.';
