import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isForkServerKnown } from '../../src/sandbox/fork-server/index.js';
import { HeadStart } from '../../src/sandbox/head-start.js';
import { SandboxManager } from '../../src/sandbox/index.js';
import { findTools } from '../../src/sandbox/tools.js';
import { createKeepingLogger } from '../support/logs.js';
import { isAlive } from '../support/processes.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { LIMITS } from './support/sandbox.js';

const folder = useTemporaryFolder();
const logger = createKeepingLogger();
const plain = { backend: 'process', network: true, allowedCwd: [], logger } as const;

describe.skipIf(findTools().perl === null || !isForkServerKnown)('a head start', () => {
  it('is a process that bears the id of the instance to come, until it is closed', async () => {
    const headStart = new HeadStart(logger);
    const [pid] = headStart.pids;
    expect(await headStart.forkServers?.works()).toBe(true);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain(headStart.instanceId);
    await headStart.close();
    await headStart.close();
    expect(isAlive(pid!)).toBe(false);
  });

  it('is taken by a manager, and closed with it', async () => {
    const headStart = new HeadStart(logger);
    const manager = await SandboxManager.create({ ...plain, workspaceRoot: folder(), headStart });
    const [pid] = headStart.pids;
    const spec = { executionId: 'e1', limits: LIMITS, files: [] };
    const { workspace } = await manager.createContainer(spec);
    expect(workspace).toContain(headStart.instanceId);
    expect(isAlive(pid!)).toBe(true);
    await manager.close();
    expect(isAlive(pid!)).toBe(false);
  });

  it('is closed where no manager comes of it', async () => {
    const headStart = new HeadStart(logger);
    const creating = SandboxManager.create({ ...plain, workspaceRoot: '/nonexistent', headStart });
    await expect(creating).rejects.toMatchObject({ code: 'no_workspace_root' });
    expect(isAlive(headStart.pids[0]!)).toBe(false);
  });
});

describe('a head start without perl', () => {
  it('is no process', async () => {
    await using headStart = new HeadStart(logger, { ...findTools(), perl: null });
    expect([headStart.pids, headStart.forkServers]).toEqual([[], null]);
  });
});
