import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseBackend } from '../../src/sandbox/backends.js';
import type { SandboxBackend } from '../../src/sandbox/index.js';
import { ensurePrivateDirectory } from '../../src/sandbox/private-directory.js';
import { isAlive } from '../support/processes.js';
import { temporaryDirectory } from './support/directories.js';
import { LIMITS, script, TestSandbox } from './support/sandbox.js';

const uid = process.getuid?.() ?? 0;

describe('a sandbox manager', () => {
  it('tells its backend, what is available, and who enforces each limit', async () => {
    await using sandbox = await TestSandbox.open({ backend: 'process' });
    const { backend, available, enforcement, network } = sandbox.manager;
    expect(backend.name).toBe('process');
    expect(available.map(({ backend: name }) => name)).toEqual(['process', 'bubblewrap']);
    expect(available[0]).toEqual({ backend: 'process', ok: true });
    expect(network).toBe(true);
    expect(enforcement).toMatchObject({
      timeoutMs: 'timer',
      outputBytes: 'counter',
      fileSizeBytes: 'rlimit',
      openFiles: 'rlimit',
      workspaceBytes: 'sampled',
    });
  });

  it('does not claim to sample what nobody samples, nor to withhold a network that it cannot withhold', async () => {
    await using sandbox = await TestSandbox.open({ enableMonitoring: false, network: false });
    expect(sandbox.manager.enforcement).toMatchObject({ cpuTimeMs: 'rlimit', workspaceBytes: 'unavailable' });
    expect(sandbox.manager.network).toBe(true);
  });

  it('keeps everything in a directory of its own that only its user may enter', async () => {
    await using sandbox = await TestSandbox.open();
    const container = await sandbox.container({}, [{ path: 'file', data: 'x' }]);
    const instance = dirname(dirname(container.workspace));
    expect(dirname(instance)).toBe(join(sandbox.root, `exec-sidecar-${uid}`));
    for (const directory of [dirname(instance), instance, container.workspace]) {
      expect((await lstat(directory)).mode & 0o777).toBe(0o700);
    }
    expect(JSON.parse(await readFile(join(instance, 'owner.json'), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it('counts its containers', async () => {
    await using sandbox = await TestSandbox.open();
    const containers = await Promise.all([sandbox.container(), sandbox.container()]);
    expect(sandbox.manager.activeContainers).toBe(2);
    await sandbox.manager.cleanupContainer(containers[0]!);
    expect(sandbox.manager.activeContainers).toBe(1);
    expect(existsSync(containers[0]!.workspace)).toBe(false);
  });

  it('refuses an id that is in use, and leaves its owner alone', async () => {
    await using sandbox = await TestSandbox.open();
    const container = await sandbox.container({}, [{ path: 'file', data: 'x' }]);
    const again = { executionId: container.id, limits: LIMITS, files: [] };
    await expect(sandbox.manager.createContainer(again)).rejects.toMatchObject({ kind: 'sandbox' });
    expect(await readdir(container.workspace)).toEqual(['file']);
  });

  it('refuses an id that could name another directory', async () => {
    await using sandbox = await TestSandbox.open();
    for (const executionId of ['', '..', 'a/b', 'a\0', 'x'.repeat(129)]) {
      const spec = { executionId, limits: LIMITS, files: [] };
      await expect(sandbox.manager.createContainer(spec)).rejects.toMatchObject({
        kind: 'validation',
        code: 'invalid_execution_id',
      });
    }
  });

  it('leaves nothing behind when it is closed, whatever runs', async () => {
    const sandbox = await TestSandbox.open();
    const running = await Promise.all([1, 2, 3].map(() => sandbox.start(script('sleep 600'))));
    expect(await sandbox.manager.close()).toEqual({ leaked: 0 });
    expect(running.map(({ pid }) => isAlive(pid))).toEqual([false, false, false]);
    expect(await readdir(join(sandbox.root, `exec-sidecar-${uid}`))).toEqual([]);
    expect(await sandbox.manager.close()).toEqual({ leaked: 0 });
    await expect(sandbox.container()).rejects.toMatchObject({ kind: 'sandbox', code: 'closed' });
    await sandbox[Symbol.asyncDispose]();
  });

  it('does not start in a root that does not exist', async () => {
    await expect(TestSandbox.open({ workspaceRoot: '/no/such/root' })).rejects.toMatchObject({
      kind: 'sandbox',
      message: 'workspaceRoot: /no/such/root cannot be used (ENOENT)',
    });
  });

  it('does not start where somebody has put a link in the place of its directory', async () => {
    await using place = await temporaryDirectory();
    await mkdir(join(place.path, 'elsewhere'));
    await symlink('elsewhere', join(place.path, `exec-sidecar-${uid}`));
    await expect(TestSandbox.open({ workspaceRoot: place.path })).rejects.toMatchObject({
      kind: 'sandbox',
      code: 'unsafe_directory',
      message: expect.stringContaining('workspaceRoot'),
    });
    expect(await readdir(join(place.path, 'elsewhere'))).toEqual([]);
  });
});

describe('a private directory', () => {
  it('is closed to others where it was open', async () => {
    await using place = await temporaryDirectory();
    const path = join(place.path, 'open');
    await mkdir(path);
    await chmod(path, 0o777);
    await ensurePrivateDirectory(path);
    expect((await lstat(path)).mode & 0o777).toBe(0o700);
  });

  it('may not be a file', async () => {
    await using place = await temporaryDirectory();
    const path = join(place.path, 'file');
    await writeFile(path, '');
    await expect(ensurePrivateDirectory(path)).rejects.toMatchObject({ code: 'unsafe_directory' });
  });

  it.skipIf(uid === 0)('may not belong to somebody else', async () => {
    await expect(ensurePrivateDirectory('/')).rejects.toMatchObject({
      message: expect.stringContaining('belongs to user 0'),
    });
  });
});

describe('choosing a backend', () => {
  const backends = [{ name: 'process' }, { name: 'stronger' }] as unknown as SandboxBackend[];
  const process = { backend: 'process', ok: true };
  const stronger = { backend: 'stronger', ok: false, reason: 'the kernel forbids user namespaces' };

  it('takes the strongest that works', () => {
    expect(chooseBackend('auto', backends, [process, { ...stronger, ok: true }])).toBe(backends[1]);
    expect(chooseBackend('auto', backends, [process, stronger])).toBe(backends[0]);
    expect(chooseBackend('process', backends, [process, { ...stronger, ok: true }])).toBe(backends[0]);
  });

  it('tells why one that was asked for does not work, and which do', () => {
    expect(() => chooseBackend('stronger' as 'process', backends, [process, stronger])).toThrow(
      "the sandbox backend 'stronger' is not available (stronger: the kernel forbids user namespaces); available here: process",
    );
  });
});
