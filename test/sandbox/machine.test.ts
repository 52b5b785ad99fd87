import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { thisMachine } from '../../src/sandbox/machine.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(folder(), path)), { recursive: true });
  writeFileSync(join(folder(), path), text);
}

describe('the machine', () => {
  it('has nothing of which there is no file', () => {
    const { hasSystemd, isContainer, isUnified, hasUserNamespaces, distributions, kernelSetting } = thisMachine(
      folder(),
    );
    expect([hasSystemd, isContainer, isUnified, hasUserNamespaces]).toEqual([false, false, false, false]);
    expect(distributions).toEqual([]);
    expect(kernelSetting('kernel.unprivileged_userns_clone')).toBeNull();
  });

  it('is known by its files', () => {
    for (const path of ['run/systemd/system/x', 'sys/fs/cgroup/cgroup.controllers', 'proc/self/ns/user']) write(path);
    write('proc/sys/user/max_user_namespaces', '15000\n');
    const found = thisMachine(folder());
    expect(found).toMatchObject({ hasSystemd: true, isContainer: false, isUnified: true, hasUserNamespaces: true });
    expect(found.kernelSetting('user.max_user_namespaces')).toBe('15000');
  });

  it.each(['.dockerenv', 'run/.containerenv', 'run/systemd/container'])('is a container where it has /%s', (path) => {
    write(path);
    expect(thisMachine(folder()).isContainer).toBe(true);
  });

  it.each([
    ['ID=debian\nVERSION_ID="12"\n', ['debian']],
    ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', ['ubuntu', 'debian']],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID=9\n', ['rocky', 'rhel', 'centos', 'fedora']],
    ['PRETTY_NAME=x\n', []],
  ])('is of a distribution and like others: %j', (text, distributions) => {
    write('etc/os-release', text);
    expect(thisMachine(folder()).distributions).toEqual(distributions);
  });
});
