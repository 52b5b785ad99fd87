import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeepAlive } from '../../../clients/node/keep-alive.js';
import { type BuiltProgram, bundle } from '../../support/bundle.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import type { FakeProgram } from '../../support/fake-sidecar/index.js';
import { isAlive } from '../../support/processes.js';

describe('keeping the host alive', () => {
  it('lasts from the first hold to the last release', () => {
    const calls: string[] = [];
    const keepAlive = new KeepAlive();
    keepAlive.use([{ ref: () => calls.push('ref'), unref: () => calls.push('unref') }]);
    const first = keepAlive.hold();
    const second = keepAlive.hold();
    first();
    first();
    expect(calls).toEqual(['unref', 'ref']);
    second();
    expect(calls).toEqual(['unref', 'ref', 'unref']);
  });
});

describe('a host program', () => {
  const script = useFakeSidecar();
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await bundle(new URL('host-program.ts', import.meta.url));
  });
  afterAll(() => program[Symbol.asyncDispose]());

  const start = (what: string, { executable, args }: FakeProgram) => {
    return spawn(process.execPath, [program.path, what, executable, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const play = async (what: string, taskMs: number) => {
    const host = start(what, script({ open: {} }, { serve: { taskMs, answerMs: 30 } }));
    const [stdout, stderr] = await Promise.all([text(host.stdout), text(host.stderr), once(host, 'exit')]);
    return { exitCode: host.exitCode, stdout, stderr, sidecar: Number(/sidecar (\d+)/.exec(stdout)?.[1]) };
  };

  it('ends by itself when nothing is under way, and leaves no sidecar', async () => {
    const { exitCode, sidecar } = await play('idle', 0);
    expect(exitCode).toBe(0);
    await expectGone(sidecar);
  });

  it('goes on while it waits for results and answers', async () => {
    expect(await play('awaiting', 40)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('awaited\n') });
  });

  it('goes on until the sidecar is closed', async () => {
    expect(await play('closing', 60_000)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('closed\n') });
  });

  it('that exits in the middle of a task leaves no sidecar', async () => {
    const { exitCode, sidecar } = await play('leaving', 60_000);
    expect(exitCode).toBe(3);
    await expectGone(sidecar);
  });

  it('that fails in the middle of a task leaves no sidecar', async () => {
    const { exitCode, stderr, sidecar } = await play('throwing', 60_000);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('the host failed');
    await expectGone(sidecar);
  });

  it('that is killed in the middle of a task leaves no sidecar', async () => {
    const host: ChildProcess = start('waiting', script({ open: {} }, { serve: { taskMs: 60_000 } }));
    let stdout = '';
    for await (const chunk of host.stdout!) {
      stdout += chunk;
      if (stdout.includes('waiting')) break;
    }
    host.kill('SIGKILL');
    await once(host, 'exit');
    await expectGone(Number(/sidecar (\d+)/.exec(stdout)?.[1]));
  });
});

async function expectGone(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(0);
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
}
