import type { Machine } from '../../../src/sandbox/index.js';

export interface MachineOptions extends Partial<Machine> {
  /** By their names; this kernel has no others. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A machine on which nothing stands in the way: Debian with systemd and unified cgroups, for a user who is not root. */
export function machine({ settings = {}, ...more }: MachineOptions = {}): Machine {
  return {
    platform: 'linux',
    isRoot: false,
    hasSystemd: true,
    isContainer: false,
    isUnified: true,
    hasUserNamespaces: true,
    distributions: ['debian'],
    kernelSetting: (name) => settings[name] ?? null,
    ...more,
  };
}
