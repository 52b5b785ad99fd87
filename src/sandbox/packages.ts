import type { Machine } from './machine.js';

interface PackageManager {
  readonly distributions: readonly string[];
  readonly install: string;
  /** The packages that are named otherwise than elsewhere. */
  readonly names: Readonly<Record<string, string>>;
}

const PACKAGE_MANAGERS: readonly PackageManager[] = [
  { distributions: ['debian', 'ubuntu'], install: 'apt-get install', names: { awk: 'mawk' } },
  { distributions: ['fedora', 'rhel', 'centos'], install: 'dnf install', names: {} },
  { distributions: ['alpine'], install: 'apk add', names: {} },
  { distributions: ['arch'], install: 'pacman -S', names: {} },
  { distributions: ['suse', 'opensuse'], install: 'zypper install', names: {} },
];

const PACKAGES: Readonly<Record<string, string>> = {
  bwrap: 'bubblewrap',
  mkfifo: 'coreutils',
  setpriv: 'util-linux',
  awk: 'gawk',
};

/** How to install a program on a machine: the command, or the package where the package manager is not known. */
export function howToInstall(program: string, { distributions }: Pick<Machine, 'distributions'>): string {
  const manager = PACKAGE_MANAGERS.find((candidate) =>
    candidate.distributions.some((id) => distributions.includes(id)),
  );
  const name = manager?.names[program] ?? PACKAGES[program] ?? program;
  return manager === undefined ? `install the package ${name}` : `\`${manager.install} ${name}\``;
}
