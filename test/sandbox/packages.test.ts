import { describe, expect, it } from 'vitest';
import { howToInstall } from '../../src/sandbox/packages.js';

describe('how to install a program', () => {
  it.each([
    ['bwrap', ['ubuntu', 'debian'], '`apt-get install bubblewrap`'],
    ['bwrap', ['rocky', 'rhel', 'centos', 'fedora'], '`dnf install bubblewrap`'],
    ['bwrap', ['alpine'], '`apk add bubblewrap`'],
    ['bwrap', ['manjaro', 'arch'], '`pacman -S bubblewrap`'],
    ['bwrap', ['opensuse-leap', 'suse', 'opensuse'], '`zypper install bubblewrap`'],
    ['bwrap', ['unheard-of'], 'install the package bubblewrap'],
    ['setpriv', ['debian'], '`apt-get install util-linux`'],
    ['awk', ['debian'], '`apt-get install mawk`'],
    ['awk', ['fedora'], '`dnf install gawk`'],
    ['mkfifo', [], 'install the package coreutils'],
    ['tar', ['debian'], '`apt-get install tar`'],
  ])('%s on %j: %s', (program, distributions, command) => {
    expect(howToInstall(program, { distributions })).toBe(command);
  });
});
