import { readFileSync } from 'node:fs';
import type { BackendAvailability } from '../../../protocol/index.js';

/** The settings of the kernel that keep an unprivileged user from making sandboxes: each with the value that does. */
const OBSTACLES = [
  {
    setting: 'kernel.unprivileged_userns_clone',
    forbidding: '0',
    advice: 'allow user namespaces: `sysctl -w kernel.unprivileged_userns_clone=1`',
  },
  {
    setting: 'kernel.apparmor_restrict_unprivileged_userns',
    forbidding: '1',
    advice:
      'allow bwrap user namespaces: install an AppArmor profile for it that has the rule `userns,`, or, for all programs, `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`',
  },
  {
    setting: 'user.max_user_namespaces',
    forbidding: '0',
    advice: 'allow user namespaces: `sysctl -w user.max_user_namespaces=15000`',
  },
] as const;

/** What a user can do so that the backend works here, one sentence each; empty where it does. */
export function adviseBubblewrap({ ok, reason = '' }: BackendAvailability): string[] {
  if (ok) return [];
  if (process.platform !== 'linux')
    return ['bubblewrap: run the sidecar on Linux, in a container or a virtual machine.'];
  if (reason.includes('not installed')) return [`bubblewrap: ${reason}: install it with the package manager.`];
  const found = OBSTACLES.filter(({ setting, forbidding }) => kernelSetting(setting) === forbidding);
  if (found.length > 0) return found.map(({ advice }) => `bubblewrap: ${advice}`);
  return [
    'bubblewrap: the reason above is what it said. In a container, allow it to unshare namespaces and to mount /proc (`docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined`).',
  ];
}

function kernelSetting(setting: string): string | null {
  try {
    return readFileSync(`/proc/sys/${setting.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return null;
  }
}
