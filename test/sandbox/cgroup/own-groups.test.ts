import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locateOwnGroups } from '../../../src/sandbox/cgroup/own-groups.js';

const mount = (root: string, mountPoint: string, type: string, superOptions: string, options = 'rw,relatime'): string =>
  `31 23 0:28 ${root} ${mountPoint} ${options} shared:9 master:1 - ${type} ${type} ${superOptions}\n`;

const directories = (memberships: string, mountInfo: string): (string | null)[] =>
  locateOwnGroups(memberships, mountInfo).map(({ directory }) => directory);

describe('locateOwnGroups', () => {
  it('finds the one group of a unified hierarchy', () => {
    const slice = '/user.slice/user-1000.slice/session-2.scope';
    expect(locateOwnGroups(`0::${slice}\n`, mount('/', '/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate'))).toEqual([
      { version: 2, controllers: [], path: slice, directory: `/sys/fs/cgroup${slice}`, mounted: true },
    ]);
  });

  it('finds a group in each hierarchy where version 1 and 2 are mounted side by side', () => {
    const memberships = '4:memory:/process/a\n3:cpu,cpuacct:/b\n2:name=systemd:/c\n1:pids:/\n0::/d\n';
    const mountInfo =
      '30 1 0:27 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755\n' +
      '22 1 0:20 / / rw - ext4 /dev/root rw\n' +
      mount('/', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory') +
      mount('/', '/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct') +
      mount('/', '/sys/fs/cgroup/systemd', 'cgroup', 'rw,xattr,name=systemd') +
      mount('/', '/sys/fs/cgroup/pids', 'cgroup', 'rw,pids') +
      mount('/', '/sys/fs/cgroup/unified', 'cgroup2', 'rw');
    expect(directories(memberships, mountInfo)).toEqual([
      '/sys/fs/cgroup/memory/process/a',
      '/sys/fs/cgroup/cpu,cpuacct/b',
      '/sys/fs/cgroup/systemd/c',
      '/sys/fs/cgroup/pids',
      '/sys/fs/cgroup/unified/d',
    ]);
    expect(locateOwnGroups(memberships, mountInfo)[1]?.controllers).toEqual(['cpu', 'cpuacct']);
  });

  it('takes the root of a mount off the name of the group, as in a container without a cgroup namespace', () => {
    const mountInfo = mount('/docker/4f2a', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory');
    expect(directories('4:memory:/docker/4f2a\n', mountInfo)).toEqual(['/sys/fs/cgroup/memory']);
    expect(directories('4:memory:/docker/4f2a/inner/x\n', mountInfo)).toEqual(['/sys/fs/cgroup/memory/inner/x']);
  });

  it.each([
    ['in another part of the hierarchy', '/docker/4f2a', '/docker/77'],
    ['whose name only begins like the root of the mount', '/docker/4f2a', '/docker/4f2abc'],
    ['above what the mount shows', '/docker/4f2a', '/docker'],
    ['outside the cgroup namespace', '/', '/../sibling'],
    ['below a mount from outside the cgroup namespace', '/../..', '/inner'],
  ])('gives no directory for a group %s', (_what, root, path) => {
    const mountInfo = mount(root, '/sys/fs/cgroup', 'cgroup2', 'rw');
    expect(locateOwnGroups(`0::${path}\n`, mountInfo)).toEqual([
      { version: 2, controllers: [], path, directory: null, mounted: true },
    ]);
  });

  it('says that a hierarchy is not mounted at all', () => {
    const mountInfo = mount('/', '/sys/fs/cgroup/cpu', 'cgroup', 'rw,cpu');
    expect(locateOwnGroups('4:memory:/a\n0::/b\n', mountInfo)).toEqual([
      { version: 1, controllers: ['memory'], path: '/a', directory: null, mounted: false },
      { version: 2, controllers: [], path: '/b', directory: null, mounted: false },
    ]);
  });

  it('prefers a mount that can be written to and shows the group', () => {
    const mountInfo =
      mount('/', '/ro-mount', 'cgroup2', 'rw', 'ro,nosuid') +
      mount('/', '/ro-file-system', 'cgroup2', 'ro') +
      mount('/elsewhere', '/outside', 'cgroup2', 'rw') +
      mount('/a', '/writable', 'cgroup2', 'rw');
    expect(directories('0::/a/b\n', mountInfo)).toEqual(['/writable/b']);
    expect(directories('0::/b\n', mountInfo)).toEqual(['/ro-mount/b']);
  });

  it('keeps colons of names, undoes the escapes of mounts, and passes over lines it does not know', () => {
    const mountInfo = `garbage\n${mount('/a\\040b\\134c', '/mnt/x\\011y', 'cgroup2', 'rw')}short - cgroup2\n`;
    expect(directories('x\n0::/a b\\c/d:e::f\n', mountInfo)).toEqual(['/mnt/x\ty/d:e::f']);
  });

  it('finds any group below any root of a mount at any place', () => {
    const segment = fc
      .string({ unit: fc.constantFrom('a', 'é', ' ', '\t', '\\', ':', '-', '.', 'ö', '0'), minLength: 1, maxLength: 6 })
      .filter((text) => text !== '.' && text !== '..');
    const path = (segments: string[]): string => `/${segments.join('/')}`;
    const escaped = (text: string): string =>
      text.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
    const segments = fc.array(segment, { maxLength: 4 });
    fc.assert(
      fc.property(segments, segments, fc.array(segment, { minLength: 1, maxLength: 3 }), (root, below, point) => {
        const mountInfo = mount(escaped(path(root)), escaped(path(point)), 'cgroup', 'rw,memory');
        const found = directories(`7:memory:${path([...root, ...below])}\n`, mountInfo);
        expect(found).toEqual([path([...point, ...below])]);
      }),
    );
  });
});
