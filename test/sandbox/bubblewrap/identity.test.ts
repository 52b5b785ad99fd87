import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { taskUser, writeIdentityFiles } from '../../../src/sandbox/bubblewrap/identity.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';

const folder = useTemporaryFolder();
const user = { uid: 1_234, gid: 567 };

/** This process, as if it were another user's. */
function as(uid: number, gid: number): void {
  vi.spyOn(process, 'getuid').mockReturnValue(uid);
  vi.spyOn(process, 'getgid').mockReturnValue(gid);
}

describe('the user of tasks', () => {
  it('is the one of the setting where the sidecar is root', () => {
    as(0, 0);
    expect(taskUser(65_534)).toEqual({ uid: 65_534, gid: 65_534 });
    expect(taskUser(1_000)).toEqual({ uid: 1_000, gid: 1_000 });
  });

  it('is the sidecar itself where it is not root, who could be nobody else', () => {
    as(1_000, 100);
    expect(taskUser(65_534)).toEqual({ uid: 1_000, gid: 100 });
  });
});

describe('the names in a sandbox', () => {
  it('are those of its one user, whose home is the workspace', () => {
    const files = writeIdentityFiles(folder(), { user, network: false });
    const read = (path: string) => readFileSync(files.get(path)!, 'utf8');
    expect(read('/etc/passwd')).toBe('sandbox:x:1234:567:sandbox:/sandbox/workspace:/bin/sh\n');
    expect(read('/etc/group')).toBe('sandbox:x:567:\n');
    expect(read('/etc/hosts')).toMatch(/^127\.0\.0\.1 localhost sandbox$/m);
  });

  it('leave the names of machines to the host where tasks may use the network', () => {
    const files = writeIdentityFiles(folder(), { user, network: true });
    expect([...files.keys()]).toEqual(['/etc/passwd', '/etc/group']);
  });
});
