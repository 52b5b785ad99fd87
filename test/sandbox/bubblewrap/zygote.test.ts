import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SandboxError } from '../../../src/sandbox/errors.js';
import { isForkServerKnown } from '../../../src/sandbox/fork-server/index.js';
import { sendSignal } from '../../../src/sandbox/kill-tree.js';
import { childrenOf } from '../../../src/sandbox/process-reader.js';
import { isAlive } from '../../support/processes.js';
import { without } from '../../support/requirements.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';
import { waitFor } from '../../support/wait-for.js';
import { script, TestSandbox } from '../support/sandbox.js';
import { UNTIL_LOOKED_AT_MS, withoutBubblewrap } from './support.js';

const folder = useTemporaryFolder();

describe.skipIf(withoutBubblewrap || without('perl') || !isForkServerKnown)('the zygote of sandboxes', () => {
  let sandbox: TestSandbox;
  let shown: string;
  beforeEach(async () => {
    // Sandboxes are made by another user where this is root.
    chmodSync(folder(), 0o755);
    shown = join(folder(), 'shown');
    writeFileSync(shown, 'old');
    sandbox = await TestSandbox.open({ backend: 'bubblewrap', network: false, readOnlyPaths: [shown] });
  });
  afterEach(() => sandbox?.[Symbol.asyncDispose]());

  const output = async (source: string) => (await sandbox.run(script(source))).stdout;

  it('is one for all sandboxes, and ends with the manager', async () => {
    await Promise.all(Array.from({ length: 8 }, () => output('true')));
    const [zygote, ...others] = zygotes();
    expect(others).toEqual([]);
    await output('true');
    expect(zygotes()).toEqual([zygote]);
    await sandbox.manager.close();
    expect(isAlive(zygote!.pid)).toBe(false);
  });

  it('is made anew where it was killed: commands that run do not notice, and further ones are run', async () => {
    const running = await sandbox.start({ ...script('echo started; read line; echo "$line"'), stdin: 'pipe' });
    const [before] = zygotes();
    process.kill(before!.pid, 'SIGKILL');
    await waitFor(() => !isAlive(before!.pid), 'its end');
    expect(await Promise.all([output('echo one'), output('echo two')])).toEqual(['one\n', 'two\n']);
    expect(zygotes().map(({ pid }) => pid)).not.toContain(before!.pid);
    running.stdin!.end('still here\n');
    const said: string[] = [];
    for await (const chunk of running.stdout) said.push(String(chunk));
    expect(said.join('')).toBe('started\nstill here\n');
    expect((await running.exited).exitCode).toBe(0);
  });

  it('is not needed to tell how a command ended that it has brought about', async () => {
    const running = await sandbox.start({ ...script('read line; exit 7'), stdin: 'pipe' });
    process.kill(zygotes()[0]!.pid, 'SIGKILL');
    await waitFor(() => zygotes().length === 0, 'its end');
    running.stdin!.end('line\n');
    running.stdout.resume();
    expect(await running.exited).toEqual({ exitCode: 7, signal: null });
  });

  it('may be killed again and again: each command gets its exit code, or was never begun', {
    timeout: 60_000,
  }, async () => {
    const storm = setInterval(() => {
      for (const { pid } of zygotes()) sendSignal(pid, 'SIGKILL');
    }, 15);
    const work = Array.from({ length: 4 }, async () => {
      const ends: unknown[] = [];
      for (let count = 0; count < 25; count += 1) {
        const run = sandbox.run(script('exit 7')).then(({ exit }) => exit);
        ends.push(await run.catch((error: SandboxError) => error.code));
      }
      return ends;
    });
    const ends = (await Promise.all(work)).flat();
    clearInterval(storm);
    const possible = [{ exitCode: 7, signal: null }, 'sandbox_failed'];
    for (const end of ends) expect(possible).toContainEqual(end);
    expect(ends).toContainEqual(possible[0]);
    expect(await output('echo after')).toBe('after\n');
  });

  it('gives way to another where the template has', async () => {
    expect(await output(`cat '${shown}'`)).toBe('old');
    const [before] = zygotes();
    writeFileSync(`${shown}.next`, 'new');
    renameSync(`${shown}.next`, shown);
    await sleep(UNTIL_LOOKED_AT_MS);
    expect(await output(`cat '${shown}'`)).toBe('new');
    await waitFor(() => !isAlive(before!.pid), 'the end of the zygote before');
    expect(zygotes()).toHaveLength(1);
  });

  it('dies with the fork server', async () => {
    await output('true');
    const [{ pid, parent }] = zygotes() as [Zygote];
    process.kill(parent, 'SIGKILL');
    await waitFor(() => !isAlive(pid), 'its end');
    // What is asked of the fork server before its end is noticed fails.
    const again = () => output('echo again').catch(() => null);
    await waitFor(async () => (await again()) === 'again\n', 'a sandbox of another');
  });
});

interface Zygote {
  readonly pid: number;
  readonly parent: number;
}

/** Grandchildren by way of the fork server that are called as sandboxes are, and in no pid namespace of their own. */
function zygotes(): Zygote[] {
  return childrenOf(process.pid).flatMap((parent) =>
    childrenOf(parent)
      .filter(isZygote)
      .map((pid) => ({ pid, parent })),
  );
}

function isZygote(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^Name:\tsandbox$/m.test(status) && /^NSpid:\t\d+$/m.test(status);
  } catch {
    return false;
  }
}
