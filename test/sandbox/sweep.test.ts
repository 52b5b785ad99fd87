import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeFifoDirectory } from '../../src/sandbox/fifo-directory.js';
import { sweepInstance } from '../../src/sandbox/index.js';
import { ownIdentity } from '../../src/sandbox/owner.js';
import { identify } from '../../src/sandbox/process-reader.js';
import { type BuiltProgram, bundle } from '../support/bundle.js';
import { isAlive } from '../support/processes.js';
import { waitFor } from '../support/wait-for.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';
import { killOwner, startOwner } from './support/owner.js';
import { TestSandbox } from './support/sandbox.js';

const onLinux = process.platform === 'linux';

let place: TemporaryDirectory;
let parent: string;
const bystanders: ChildProcess[] = [];
beforeEach(async () => {
  place = await temporaryDirectory();
  parent = join(place.path, `exec-sidecar-${process.getuid?.() ?? 0}`);
  await mkdir(parent, { mode: 0o700 });
});
afterEach(async () => {
  for (const bystander of bystanders.splice(0)) bystander.kill('SIGKILL');
  await place[Symbol.asyncDispose]();
});

interface Remains {
  readonly owner?: object;
  readonly ledger?: readonly { executionId: string; pid: number; startTime: number | null }[];
}

/** The pid of a process that has ended and whose start time is nobody's. */
const DEAD_OWNER = { pid: 1, startTime: 123_456_789_012 };

/** Makes what an instance leaves behind; by default its owner is dead. */
async function leave({ owner = {}, ledger = [] }: Remains = {}): Promise<string> {
  const directory = join(parent, randomUUID());
  await mkdir(join(directory, 'workspaces/x'), { recursive: true });
  await writeFile(join(directory, 'owner.json'), JSON.stringify({ ...ownIdentity(), ...DEAD_OWNER, ...owner }));
  const lines = ledger.map((started) => JSON.stringify({ at: 0, started }));
  await writeFile(join(directory, 'ledger.jsonl'), lines.join('\n'));
  return directory;
}

/** A process that has nothing to do with any sidecar, unless its environment says so. */
async function bystander(env: Record<string, string> = {}): Promise<number> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true, env: { PATH: process.env.PATH, ...env } });
  bystanders.push(child);
  await once(child, 'spawn');
  return child.pid!;
}

describe('sweeping an instance', () => {
  it('removes the directory of a dead owner', async () => {
    const directory = await leave();
    expect(await sweepInstance(directory)).toEqual({ directory, owner: 'dead', leaked: 0, removed: true });
    expect(existsSync(directory)).toBe(false);
  });

  it('removes its FIFOs, wherever they are', async () => {
    const directory = await leave();
    const fifos = makeFifoDirectory(directory);
    await writeFile(join(fifos, 'fifo'), '');
    expect(await sweepInstance(directory)).toMatchObject({ removed: true });
    expect(existsSync(fifos)).toBe(false);
  });

  it.skipIf(!onLinux)('kills a process on the ledger, and no other', async () => {
    const [recorded, other] = [await bystander(), await bystander()];
    const directory = await leave({ ledger: [{ executionId: 'x', ...identify(recorded) }] });
    await sweepInstance(directory);
    expect([isAlive(recorded), isAlive(other)]).toEqual([false, true]);
  });

  it.skipIf(!onLinux)('never kills a process that was given the pid of one on the ledger', async () => {
    const pid = await bystander();
    const { startTime } = identify(pid);
    const directory = await leave({
      ledger: [
        { executionId: 'earlier', pid, startTime: startTime! - 1 },
        { executionId: 'unknown', pid, startTime: null },
      ],
    });
    expect(await sweepInstance(directory)).toMatchObject({ owner: 'dead', removed: true });
    expect(isAlive(pid)).toBe(true);
  });

  it.skipIf(!onLinux)('kills every process that bears the marker of the instance, and of no other', async () => {
    const directory = await leave();
    const id = directory.slice(parent.length + 1);
    const marked = await bystander({ EXEC_SIDECAR_INSTANCE: id });
    const foreign = await bystander({ EXEC_SIDECAR_INSTANCE: randomUUID() });
    await waitForEnvironment(marked, id);
    await sweepInstance(directory);
    expect([isAlive(marked), isAlive(foreign)]).toEqual([false, true]);
  });

  it.skipIf(!onLinux)('kills nothing by the ledger of an earlier boot', async () => {
    const pid = await bystander();
    const directory = await leave({
      owner: { bootId: 'another-boot' },
      ledger: [{ executionId: 'x', ...identify(pid) }],
    });
    expect(await sweepInstance(directory)).toMatchObject({ owner: 'died-with-an-earlier-boot', removed: true });
    expect(isAlive(pid)).toBe(true);
  });

  it('leaves alone what may live where it cannot be seen', async () => {
    for (const owner of [{ host: 'another-host' }, { pidNamespace: 'pid:[1]' }]) {
      const directory = await leave({ owner });
      expect(await sweepInstance(directory)).toMatchObject({ owner: 'unknown', removed: false });
      expect(existsSync(directory)).toBe(true);
    }
  });

  it('waits for an owner that is ending, and leaves one alone that lives on', async () => {
    const ending = spawn('sleep', ['0.4']);
    await once(ending, 'spawn');
    const swept = await leave({ owner: identify(ending.pid!) });
    const living = await leave({ owner: identify(process.pid) });
    expect(await sweepInstance(swept)).toMatchObject({ owner: 'dead', removed: true });
    expect(await sweepInstance(living)).toMatchObject({ owner: 'alive', removed: false });
    expect(existsSync(living)).toBe(true);
  });

  it('refuses what is not the directory of an instance', async () => {
    const refused = { kind: 'validation', code: 'not_an_instance' };
    await expect(sweepInstance('/')).rejects.toMatchObject(refused);
    await expect(sweepInstance(parent)).rejects.toMatchObject(refused);
    await expect(sweepInstance(join(parent, randomUUID()))).rejects.toMatchObject(refused);
    const elsewhere = join(place.path, randomUUID());
    await rename(await leave(), elsewhere);
    await expect(sweepInstance(elsewhere)).rejects.toMatchObject(refused);
    const link = join(parent, randomUUID());
    await symlink(elsewhere, link);
    await expect(sweepInstance(link)).rejects.toMatchObject(refused);
    expect(existsSync(elsewhere)).toBe(true);
  });
});

describe('a sidecar that starts', () => {
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await bundle(new URL('support/owner-program.ts', import.meta.url));
  });
  afterAll(() => program[Symbol.asyncDispose]());

  it('clears up after one that was killed, and leaves alone one that lives', async () => {
    const source = 'sh -c "echo \\$\\$; echo ready; exec sleep 600" & wait';
    const [dead, alive] = await Promise.all(
      [0, 1].map(() => startOwner({ program, workspaceRoot: place.path, source })),
    );
    const orphan = Number(dead!.output.split('\n')[0]);
    await killOwner(dead!);
    expect(isAlive(orphan)).toBe(true);
    const sandbox = await TestSandbox.open({ workspaceRoot: place.path });
    await sandbox[Symbol.asyncDispose]();
    expect([isAlive(orphan), existsSync(dead!.instance)]).toEqual([false, false]);
    expect([isAlive(alive!.task), existsSync(alive!.instance)]).toEqual([true, true]);
    await killOwner(alive!);
    await sweepInstance(alive!.instance);
    expect(sandbox.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'info', fields: expect.objectContaining({ directory: dead!.instance }) }),
    );
  });

  it('leaves alone an instance that is just being made, and removes one that never was', async () => {
    const making = join(parent, randomUUID());
    const abandoned = join(parent, randomUUID());
    await mkdir(making);
    await mkdir(abandoned);
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(abandoned, longAgo, longAgo);
    await using _sandbox = await TestSandbox.open({ workspaceRoot: place.path });
    expect([existsSync(making), existsSync(abandoned)]).toEqual([true, false]);
  });

  it('leaves alone what is not the directory of an instance', async () => {
    await writeFile(join(parent, 'file'), '');
    await mkdir(join(parent, 'directory'));
    await symlink(place.path, join(parent, randomUUID()));
    await using sandbox = await TestSandbox.open({ workspaceRoot: place.path });
    expect([existsSync(join(parent, 'file')), existsSync(join(parent, 'directory'))]).toEqual([true, true]);
    expect(sandbox.logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });
});

/** Between fork and execve a process still has the environment of its parent. */
async function waitForEnvironment(pid: number, text: string): Promise<void> {
  await waitFor(async () => (await readFile(`/proc/${pid}/environ`, 'latin1')).includes(text), 'the environment');
}
