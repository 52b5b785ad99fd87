import { describe, expect, it } from 'vitest';
import type { Stall } from '../../src/tracking/index.js';
import { shell } from '../executor/support/executors.js';
import { TestSession } from './support/sessions.js';

const PATIENCE = { timeout: 10_000 };

/** What is told of the links of a session from now on. */
function stallsOf(session: TestSession): Stall[] {
  const stalls: Stall[] = [];
  session.test.registry.setStallHandler((stall) => stalls.push(stall));
  return stalls;
}

async function told(stalls: readonly Stall[], kind: Stall['kind'], link: string): Promise<Stall> {
  const find = () => stalls.find((stall) => stall.kind === kind && stall.link === link);
  await expect.poll(find, PATIENCE).toBeDefined();
  return find()!;
}

/** Waits until a link has gone on, which has to be told with how long it was stalled. */
async function goesOn(stalls: readonly Stall[], link: string): Promise<void> {
  const stalled = await told(stalls, 'stalled', link);
  expect((await told(stalls, 'goesOn', link)).stalledMs).toBeGreaterThanOrEqual(stalled.stalledMs);
}

describe('a link that is stalled for more than a second is told, with who is slow, and when it goes on:', () => {
  it('a host that does not read', async () => {
    const window = { tasks: 110, taskBytes: 1_000_000, outputBytes: 10_000_000, stdinBytes: 1_000 };
    await using session = await TestSession.open({ session: { window } });
    const stalls = stallsOf(session);
    session.sink.stall();
    session.send('submit', 1, { ...shell('dd if=/dev/zero bs=65536 count=16'), output: { mode: 'stream' } });
    expect(await told(stalls, 'stalled', 'outbox → host')).toMatchObject({
      scope: 'sidecar',
      slow: 'the host does not read, or too slowly',
      observed: expect.any(Number),
      capacity: 1_000_000,
      unit: 'bytes',
      configKey: 'outboxBytes',
    });
    session.sink.resume();
    await goesOn(stalls, 'outbox → host');
  });

  it('a host that returns no credit, which stalls nothing but the output of that task', async () => {
    await using session = await TestSession.open();
    const stalls = stallsOf(session);
    session.send('submit', 1, { ...shell('head -c 150000 /dev/zero'), output: { mode: 'stream' } });
    const { executionId } = (await session.frame('accepted', 1)).body;
    const link = `task ${executionId} output → host window`;
    expect(await told(stalls, 'stalled', link)).toMatchObject({
      scope: executionId,
      slow: 'the host returns no credit for what it was sent',
      observed: 100_000,
      capacity: 100_000,
      configKey: 'outputWindowBytes',
    });
    session.send('window', 1, { outputBytes: 1_000_000 });
    await goesOn(stalls, link);
    expect(new Set(stalls.map((stall) => stall.link))).toEqual(new Set([link]));
  });

  it('a task that does not read its stdin', async () => {
    const window = { tasks: 110, taskBytes: 1_000_000, outputBytes: 100_000, stdinBytes: 400_000 };
    await using session = await TestSession.open({ session: { window } });
    const stalls = stallsOf(session);
    session.send('submit', 1, { ...shell('read line; wc -c'), stdin: { stream: true } });
    const { executionId } = (await session.frame('accepted', 1)).body;
    session.send('submit', 2, { ...shell('sleep 60'), stdin: { stream: true } });
    const { executionId: sleeper } = (await session.frame('accepted', 2)).body;
    for (const id of [1, 2]) session.send('stdin', id, { data: Buffer.alloc(400_000, 'x\n'), end: true });
    await session.result(1);
    expect(await told(stalls, 'stalled', `host → task ${sleeper} stdin`)).toMatchObject({
      slow: 'the task does not read its stdin, or too slowly',
      capacity: 400_000,
      configKey: 'stdinWindowBytes',
    });
    session.send('cancel', 2);
    await goesOn(stalls, `host → task ${sleeper} stdin`);
    expect(stalls.filter(({ scope }) => scope === executionId)).toEqual([]);
  });

  it('workers that are all busy, and the reader behind them', async () => {
    await using session = await TestSession.open({
      executor: { maxConcurrentTasks: 1, queueSize: 1 },
      inboxFrames: 1,
    });
    const stalls = stallsOf(session);
    for (let id = 1; id <= 5; id += 1) session.send('submit', id, shell('sleep 60'));
    expect(await told(stalls, 'stalled', 'scheduler queue → workers')).toMatchObject({
      slow: 'all 1 workers are busy (setting maxConcurrentTasks)',
      observed: 1,
      capacity: 1,
      unit: 'tasks',
      configKey: 'queueSize',
    });
    expect(await told(stalls, 'stalled', 'stdin → inbox')).toMatchObject({
      slow: 'the scheduler queue is full',
      configKey: 'inboxFrames',
    });
    for (const handle of session.test.executor.unfinished.values()) handle.cancel();
    await goesOn(stalls, 'scheduler queue → workers');
    await goesOn(stalls, 'stdin → inbox');
  });

  it('a memory budget that is used up', async () => {
    await using session = await TestSession.open({
      executor: { maxConcurrentTasks: 2, queueSize: 1, memoryBudgetBytes: 100_000_000 },
    });
    const stalls = stallsOf(session);
    const task = { ...shell('sleep 60'), limits: { memoryBytes: 60_000_000 } };
    for (let id = 1; id <= 3; id += 1) session.send('submit', id, task);
    expect(await told(stalls, 'stalled', 'scheduler queue → workers')).toMatchObject({
      slow: 'the memory limits of what runs use up the budget (setting memoryBudgetBytes)',
    });
  });
});
