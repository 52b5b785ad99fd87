import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TaskHandle } from '../../src/executor/task-handle.js';
import { sweepCgroups } from '../../src/sandbox/cgroup/index.js';
import { readLedger } from '../../src/sandbox/ledger.js';
import { isAlive } from '../support/processes.js';
import { openExecutor, shell, start, stdoutOf, type TestExecutor } from './support/executors.js';
import { Freezer } from './support/freezer.js';

const freezer = Freezer.create();
await freezer?.[Symbol.asyncDispose]();

describe.skipIf(freezer === null)('a command that cannot be killed', () => {
  it('has its result all the same, is told as leaked, and stays on the ledger for the next start', async () => {
    await using test = await openExecutor();
    await using ice = Freezer.create()!;
    await using colderIce = Freezer.create()!;
    const task = shell('echo before; exec sleep 60');
    const cancelled = await startFrozen(test, ice, task);
    const late = await startFrozen(test, colderIce, { ...task, limits: { timeoutMs: 2_000 } });
    cancelled.handle.cancel();
    const results = await Promise.all([cancelled.handle.result, late.handle.result]);
    expect(results.map(({ status }) => status)).toEqual(['cancelled', 'timeout']);
    for (const result of results) {
      expect(result).toMatchObject({ exitCode: null, signal: null });
      expect(stdoutOf(result)).toBe('before\n');
    }
    expect([cancelled.pid, late.pid].map(isAlive)).toEqual([true, true]);
    expect(test.executor.leaked).toBe(2);
    for (const { handle } of [cancelled, late]) {
      const fields = { executionId: handle.executionId, leaked: 1 };
      const message = 'processes of a task could not be killed';
      expect(test.logger.lines).toContainEqual({ level: 'error', fields, message });
    }
    expect((await (await start(test.executor, shell('true'))).result).status).toBe('success');
    expect(await test.executor.sandbox.close()).toEqual({ leaked: 2 });
    const ledger = (await readdir(test.root, { recursive: true })).find((path) => basename(path) === 'ledger.jsonl');
    const { cgroups } = readLedger(join(test.root, ledger!));
    for (const frozen of [ice, colderIce]) frozen.thaw();
    expect((await sweepCgroups(cgroups)).left).toEqual([]);
  });
});

/** Starts a command, and freezes it half a second later. */
async function startFrozen(
  test: TestExecutor,
  ice: Freezer,
  task: object,
): Promise<{ handle: TaskHandle; pid: number }> {
  const pids: number[] = [];
  const handle = await start(test.executor, task, { onStarted: (told) => void pids.push(told.pid!) });
  await expect.poll(() => pids).toHaveLength(1);
  const pid = pids[0]!;
  await new Promise((resolve) => setTimeout(resolve, 500));
  ice.freeze(pid);
  return { handle, pid };
}
