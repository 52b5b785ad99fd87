import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepInstance } from '../../src/sandbox/index.js';
import { type BuiltProgram, bundle } from '../support/bundle.js';
import { statusBytes } from '../support/proc-status.js';
import { isAlive } from '../support/processes.js';
import { without } from '../support/requirements.js';
import { waitFor } from '../support/wait-for.js';
import { type TemporaryDirectory, temporaryDirectory } from './support/directories.js';
import { killOwner, startOwner } from './support/owner.js';

let program: BuiltProgram;
let sweeper: BuiltProgram;
let place: TemporaryDirectory;
beforeAll(async () => {
  place = await temporaryDirectory();
  program = await bundle(new URL('support/owner-program.ts', import.meta.url));
  sweeper = await bundle(new URL('support/sweep-program.ts', import.meta.url));
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await program[Symbol.asyncDispose]();
  await sweeper[Symbol.asyncDispose]();
});

const onLinux = process.platform === 'linux';

describe('the guardian of a sidecar', () => {
  it('clears everything up when the sidecar is killed', async () => {
    const source = 'trap "" TERM HUP; sleep 600 & echo $!; echo ready; wait';
    const owner = await startOwner({ program, sweeper, workspaceRoot: place.path, source });
    const pids = [owner.task, Number(owner.output.split('\n')[0])];
    expect(pids.filter((pid) => !isAlive(pid))).toEqual([]);
    await killOwner(owner);
    await waitFor(() => !existsSync(owner.instance), 'the instance directory to be removed');
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it.skipIf(!onLinux || without('setsid'))('finds a daemon that has left the process group', async () => {
    const source = 'setsid sh -c \'sh -c "echo \\$\\$; exec sleep 600" & exit\'; sleep 0.2; echo ready; sleep 600';
    const owner = await startOwner({ program, sweeper, workspaceRoot: place.path, source });
    const daemon = Number(owner.output.split('\n')[0]);
    expect(isAlive(daemon)).toBe(true);
    await killOwner(owner);
    await waitFor(() => !existsSync(owner.instance), 'the instance directory to be removed');
    expect(isAlive(daemon)).toBe(false);
  });

  it.skipIf(!onLinux)('is gone after a clean end, and costs less than 2 MB until then', async () => {
    const owner = await startOwner({ program, sweeper, workspaceRoot: place.path, source: 'echo ready; sleep 600' });
    const guardian = childrenOf(owner.pid).find((pid) => commandLine(pid).includes(owner.instance));
    expect(guardian).toBeDefined();
    const residentKiB = statusBytes(guardian!, 'VmRSS') / 1_024;
    expect(residentKiB).toBeLessThan(2_048);
    const gone = once(owner.child, 'exit');
    owner.child.kill('SIGTERM');
    await gone;
    expect([guardian!, owner.task].filter(isAlive)).toEqual([]);
    expect(existsSync(owner.instance)).toBe(false);
  });
});

describe.skipIf(!onLinux)('a command whose sidecar is killed, without a guardian', () => {
  it('dies with it', async () => {
    const owner = await startOwner({ program, workspaceRoot: place.path, source: 'echo ready; exec sleep 600' });
    await killOwner(owner);
    await waitFor(() => !isAlive(owner.task), 'the command to die');
    expect(await sweepInstance(owner.instance)).toMatchObject({ leaked: 0, removed: true });
  });
});

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parent);
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}
