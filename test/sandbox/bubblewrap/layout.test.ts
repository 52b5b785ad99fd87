import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLayout, hostPathOf, visiblePath, WORKSPACE } from '../../../src/sandbox/bubblewrap/layout.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';

const temporary = useTemporaryFolder();
const folder = () => realpathSync(temporary());
const layoutWith = (...readOnlyPaths: string[]) => findLayout({ network: false, readOnlyPaths });
const NOTHING = new Map<string, string>();

describe.skipIf(process.platform !== 'linux')('what a sandbox shows of the host', () => {
  it('is the programs of the system, and nothing of its users and secrets', () => {
    const { binds, links } = layoutWith();
    const shown = [...binds, ...links.map(({ path }) => path)];
    expect(shown).toEqual(expect.arrayContaining(['/usr', '/bin', '/lib']));
    for (const secret of ['/', '/etc', '/home', '/root', '/run', '/var', '/tmp', '/etc/shadow', '/etc/ssl', '/sys']) {
      expect(shown).not.toContain(secret);
    }
  });

  it('is what is there on this machine, links as links', () => {
    const { binds, links } = layoutWith();
    for (const path of binds) expect(() => realpathSync(path)).not.toThrow();
    for (const { path, target } of links) expect(realpathSync(join('/', target))).toBe(realpathSync(path));
    expect(new Set([...binds, ...links.map(({ path }) => path)]).size).toBe(binds.length + links.length);
  });

  it('has how names lead to machines only with the network', () => {
    expect(layoutWith().binds).not.toContain('/etc/resolv.conf');
    const withNetwork = findLayout({ network: true, readOnlyPaths: [] }).binds;
    expect(withNetwork).toEqual(expect.arrayContaining(['/etc/hosts']));
  });

  it('has the paths of the setting last, so that they may lie below others', () => {
    expect(layoutWith('/a', '/b').binds.slice(-2)).toEqual(['/a', '/b']);
  });
});

describe.skipIf(process.platform !== 'linux')('the host path of what a task finds', () => {
  const find = (path: string, layout = layoutWith()) => hostPathOf(layout, NOTHING, '/proc/self/fd/9', path);

  it('leads below its workspace to where the sidecar holds that', () => {
    expect(find(WORKSPACE)).toBe('/proc/self/fd/9');
    expect(find(`${WORKSPACE}/a/b`)).toBe('/proc/self/fd/9/a/b');
  });

  it('leads to a program of the system by any of its paths', () => {
    expect(find('/bin/sh')).toBe(realpathSync('/bin/sh'));
    expect(find('/usr/bin/env')).toBe(realpathSync('/usr/bin/env'));
  });

  it('is that of a file which the sidecar provides, before that of the host', () => {
    const provided = new Map([['/etc/passwd', '/instance/passwd']]);
    expect(hostPathOf(layoutWith(), provided, '/w', '/etc/passwd')).toBe('/instance/passwd');
    expect(find('/etc/passwd')).toBeNull();
  });

  it('is none for what is not shown, not there, or a link that leads out of what is shown', () => {
    writeFileSync(join(folder(), 'secret'), '');
    mkdirSync(join(folder(), 'shown'));
    symlinkSync('../secret', join(folder(), 'shown', 'out'));
    const layout = layoutWith(join(folder(), 'shown'));
    for (const path of ['/root', '/etc/shadow', '/no/such', join(folder(), 'secret'), join(folder(), 'shown', 'out')]) {
      expect(find(path, layout)).toBeNull();
    }
  });

  it('leads through a path of the setting that is a link itself, by that path only', () => {
    mkdirSync(join(folder(), 'real'));
    writeFileSync(join(folder(), 'real', 'program'), '');
    symlinkSync('real', join(folder(), 'link'));
    const layout = layoutWith(join(folder(), 'link'));
    expect(find(join(folder(), 'link', 'program'), layout)).toBe(join(folder(), 'real', 'program'));
    expect(find(join(folder(), 'real', 'program'), layout)).toBeNull();
  });

  it.each(['/', '/etc', '/tmp', '/var/tmp', '/sandbox', '/sandbox/tmp'])('is a directory for %s', (path) => {
    expect(find(path)).toBe('/');
  });

  it.each(['/dev/null', '/proc/self/exe'])('is one and the same for %s, of which each sandbox has its own', (path) => {
    expect(find(path)).toBe(path);
  });
});

describe.skipIf(process.platform !== 'linux')('the PATH of a task', () => {
  it('has only absolute directories that the sandbox shows, each once', () => {
    const directories = visiblePath(layoutWith()).split(':');
    expect(directories).toContain('/usr/bin');
    expect(new Set(directories).size).toBe(directories.length);
    for (const directory of directories) expect(hostPathOf(layoutWith(), NOTHING, '/w', directory)).not.toBeNull();
  });

  it('has a directory of the sidecar in another place where the setting shows it', () => {
    mkdirSync(join(folder(), 'bin'));
    const before = process.env.PATH;
    process.env.PATH = `${join(folder(), 'bin')}:relative:${before}`;
    try {
      expect(visiblePath(layoutWith()).split(':')).not.toContain(join(folder(), 'bin'));
      expect(visiblePath(layoutWith(folder())).split(':')[0]).toBe(join(folder(), 'bin'));
      expect(visiblePath(layoutWith(folder()))).not.toContain('relative');
    } finally {
      process.env.PATH = before;
    }
  });
});
