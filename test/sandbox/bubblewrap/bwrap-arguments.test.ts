import { describe, expect, it } from 'vitest';
import { type BwrapOptions, bwrapArguments, DESCRIPTORS } from '../../../src/sandbox/bubblewrap/bwrap-arguments.js';

const options: BwrapOptions = {
  layout: { binds: ['/usr', '/tmp/shown'], links: [{ path: '/bin', target: 'usr/bin' }] },
  network: false,
  uid: 1_234,
  gid: 567,
  privateBytes: 1_000_000,
  sharedMemoryBytes: 65_536,
  seccomp: true,
  providedFrom: DESCRIPTORS.provided,
  provided: ['/etc/passwd', '/etc/group'],
};

const line = (more: Partial<BwrapOptions> = {}) => bwrapArguments({ ...options, ...more }).join(' ');
const position = (text: string) => {
  expect(line()).toContain(text);
  return line().indexOf(text);
};

describe('the options of bubblewrap', () => {
  it('unshare everything, and drop every capability', () => {
    for (const option of [
      '--unshare-all',
      '--die-with-parent',
      '--new-session',
      '--cap-drop ALL',
      '--uid 1234 --gid 567',
    ]) {
      position(option);
    }
  });

  it('share the network only where it is granted', () => {
    expect(line()).not.toContain('--share-net');
    expect(line({ network: true })).toContain('--unshare-all --share-net');
  });

  it('bind nothing of the host that could be written to', () => {
    expect(bwrapArguments(options).filter((word) => /bind/.test(word))).toEqual(['--ro-bind-try', '--ro-bind-try']);
  });

  it('give what can be written to a size', () => {
    position('--size 1000000 --perms 0700 --tmpfs /sandbox');
    position('--size 65536 --perms 1777 --tmpfs /dev/shm');
  });

  it('make the root read-only last of all mounts, and show what lies below /tmp after that is linked', () => {
    expect(position('--symlink sandbox/tmp /tmp')).toBeLessThan(position('--ro-bind-try /tmp/shown'));
    expect(position('--remount-ro /dev --remount-ro /')).toBeGreaterThan(position('--tmpfs /dev/shm'));
  });

  it('pass the provided files on the descriptors that follow each other', () => {
    const { provided } = DESCRIPTORS;
    position(`--perms 0444 --file ${provided} /etc/passwd`);
    position(`--perms 0444 --file ${provided + 1} /etc/group`);
    expect(Math.max(...Object.values(DESCRIPTORS))).toBe(provided);
    expect(new Set(Object.values(DESCRIPTORS)).size).toBe(Object.keys(DESCRIPTORS).length);
  });

  it('name the filter where there is one', () => {
    position(`--seccomp ${DESCRIPTORS.seccomp} --chdir /sandbox/workspace`);
    expect(line({ seccomp: false })).not.toContain('--seccomp');
  });
});
