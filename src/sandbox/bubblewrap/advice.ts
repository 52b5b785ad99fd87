import type { BackendAvailability } from '../../../protocol/index.js';
import { type Machine, thisMachine } from '../machine.js';
import { howToInstall } from '../packages.js';

/** What a user can do so that the backend works on a machine, one step each; empty where it does. */
export function adviseBubblewrap({ ok, reason = '' }: BackendAvailability, machine = thisMachine()): string[] {
  if (ok) return [];
  if (machine.platform !== 'linux')
    return ['bubblewrap: run the sidecar on Linux, in a container or a virtual machine.'];
  const known = adviceForReason(reason, machine);
  const steps = known === null ? adviceForMachine(machine) : [known];
  return steps.map((step) => `bubblewrap: ${step}`);
}

/** What bubblewrap or the backend say by themselves; null where the cause lies deeper. */
function adviceForReason(reason: string, machine: Machine): string | null {
  const missing = /^(\w+) .*is not installed/.exec(reason)?.[1];
  if (missing !== undefined) return `${reason}: ${howToInstall(missing, machine)}.`;
  return REMEDIES.find(({ says }) => says.test(reason))?.remedy(machine) ?? null;
}

const REMEDIES: readonly { readonly says: RegExp; readonly remedy: (machine: Machine) => string }[] = [
  {
    says: /Unknown option/,
    remedy: () => 'bwrap 0.7.0 or newer is needed (`bwrap --version`): Debian 12 and Ubuntu 24.04 have it.',
  },
  {
    says: /setuid mode/,
    remedy: () =>
      'bwrap must not be setuid, and needs unprivileged user namespaces instead: `chmod u-s "$(command -v bwrap)"`.',
  },
  {
    says: /kills itself/,
    remedy: (machine) =>
      `the awk here does not tell a signal from an exit code: ${howToInstall('gawk', machine)}, and make it the default (\`update-alternatives --set awk /usr/bin/gawk\` on Debian and Ubuntu).`,
  },
  { says: /no \/bin\/sh/, remedy: () => 'use an image that has a shell: one without a system has nothing for tasks.' },
  { says: /sandboxUid/, remedy: () => 'set sandboxUid to an unprivileged user: 65534 is the default.' },
];

interface Obstacle {
  readonly setting: string;
  readonly forbidding: string;
  readonly allowing: string;
  /** What is better than to allow it to everybody. */
  readonly better?: string;
}

const APPARMOR_PROFILE =
  'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n';

/** The settings of the kernel that keep an unprivileged user from making sandboxes, each with the value that does. */
const OBSTACLES: readonly Obstacle[] = [
  { setting: 'kernel.unprivileged_userns_clone', forbidding: '0', allowing: '1' },
  {
    setting: 'kernel.apparmor_restrict_unprivileged_userns',
    forbidding: '1',
    allowing: '0',
    better: `let bwrap, and no other program, have them by an AppArmor profile (as root): \`printf '${APPARMOR_PROFILE}' > /etc/apparmor.d/bwrap && apparmor_parser -r /etc/apparmor.d/bwrap\``,
  },
  ...['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map((kind) => ({
    setting: `user.max_${kind}_namespaces`,
    forbidding: '0',
    allowing: '15000',
  })),
];

function adviceForMachine(machine: Machine): string[] {
  if (!machine.hasUserNamespaces) return ['this kernel has no user namespaces: use one with CONFIG_USER_NS=y.'];
  const found = OBSTACLES.filter(({ setting, forbidding }) => machine.kernelSetting(setting) === forbidding);
  const where = machine.isContainer ? ' on the host of this container' : '';
  const steps = found.map(({ setting, allowing, better }) => {
    const command = `\`sysctl -w ${setting}=${allowing}\` as root${where}, and to keep it, the line \`${setting} = ${allowing}\` in /etc/sysctl.d/60-exec-sidecar.conf`;
    return better === undefined
      ? `allow namespaces: ${command}.`
      : `${better}${where}; or allow them to all: ${command}.`;
  });
  if (steps.length > 0) return steps;
  return [machine.isContainer ? CONTAINER_ADVICE : `${UNKNOWN_ADVICE} ${CONTAINER_ADVICE}`];
}

/** The filters, profiles and covered paths of container engines: each of them alone is enough to forbid a sandbox. */
const CONTAINER_ADVICE =
  'let the container make namespaces and mount /proc: `docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`, `podman run --security-opt seccomp=unconfined --security-opt unmask=ALL`, or in Kubernetes `seccompProfile: {type: Unconfined}`, `appArmorProfile: {type: Unconfined}` and `procMount: Unmasked`.';

const UNKNOWN_ADVICE =
  'the settings of this kernel allow it, so what bwrap says above is the cause; `bwrap --unshare-all --ro-bind / / true` repeats it. If this is a container:';
