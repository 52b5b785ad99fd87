import { describe, expect, it } from 'vitest';
import type { QueueSnapshot } from '../../protocol/index.js';
import { shell } from '../executor/support/executors.js';
import { TestSession } from './support/sessions.js';

const WINDOW = { tasks: 110, taskBytes: 1_000_000, outputBytes: 10_000_000, stdinBytes: 400_000 };

function figures(session: TestSession, name: string): QueueSnapshot | undefined {
  return session.test.registry.snapshot().find((queue) => queue.name === name);
}

/** Waits until so many producers are parked at a queue, and until that shows in the time that they have waited. */
async function parkedAt(session: TestSession, name: string, waiters: number): Promise<QueueSnapshot> {
  await expect.poll(() => figures(session, name)).toMatchObject({ waiters });
  const before = figures(session, name)!;
  await expect.poll(() => figures(session, name)!.parkedMs).toBeGreaterThanOrEqual(before.parkedMs + 20);
  const now = figures(session, name)!;
  expect(now.longestParkMs).toBeGreaterThan(before.longestParkMs);
  expect(now.parkedCount).toBe(before.parkedCount);
  return now;
}

/** What is true of a queue at any moment. */
function expectConsistent(queue: QueueSnapshot): void {
  const { depth, capacity, enqueued, dequeued, highWater, parkedMs, longestParkMs, parkedCount, waiters } = queue;
  expect(depth).toBeLessThanOrEqual(capacity);
  expect(enqueued - dequeued).toBe(depth);
  expect(highWater).toBeGreaterThanOrEqual(depth);
  expect(longestParkMs).toBeLessThanOrEqual(parkedMs);
  expect(parkedCount).toBeGreaterThanOrEqual(waiters);
}

/** What is true of a queue that has held frames back and is empty again. */
function expectFlowed(queue: QueueSnapshot, atLeastMs: number): void {
  expectConsistent(queue);
  expect(queue).toMatchObject({ waiters: 0, depth: 0 });
  expect(queue.longestParkMs).toBeGreaterThanOrEqual(atLeastMs);
  const { p50, p90, p99, max } = queue.waitMs!;
  expect([p50!, p90!, p99!, max!]).toEqual([p50!, p90!, p99!, max!].sort((a, b) => a - b));
  expect(max).toBeGreaterThanOrEqual(20);
}

describe('the figures of each queue are true while somebody waits at it and afterwards:', () => {
  it('output for a host that does not read', async () => {
    await using session = await TestSession.open({ session: { window: WINDOW } });
    session.sink.stall();
    session.send('submit', 1, { ...shell('head -c 5000000 /dev/zero'), output: { mode: 'stream' } });
    const parked = await parkedAt(session, 'outputQueue', 1);
    expectConsistent(parked);
    expect(parked.depth).toBeGreaterThan(0);
    session.sink.resume();
    await session.result(1);
    expectFlowed(figures(session, 'outputQueue')!, parked.longestParkMs);
  });

  it('results for a host that does not read', async () => {
    await using session = await TestSession.open({ outbox: { results: 1 } });
    session.sink.stall();
    session.send('ping', 999);
    for (let id = 1; id <= 4; id += 1) session.send('submit', id, shell('true'));
    const parked = await parkedAt(session, 'resultQueue', 3);
    expectConsistent(parked);
    expect(parked).toMatchObject({ depth: 1, fillPercent: 100, parkedCount: 3 });
    session.sink.resume();
    await expect.poll(() => session.sink.of('result').length).toBe(4);
    expectFlowed(figures(session, 'resultQueue')!, parked.longestParkMs);
  });

  it('answers to questions, for which the reader waits', async () => {
    await using session = await TestSession.open();
    session.sink.stall();
    session.send('ping', 999);
    await expect.poll(() => session.sink.of('pong').length).toBe(1);
    for (let id = 1; id <= 20; id += 1) session.send('ping', 1_000 + id, { data: new Uint8Array(400_000) });
    const parked = await parkedAt(session, 'controlQueue', 1);
    expectConsistent(parked);
    session.sink.resume();
    await expect.poll(() => session.sink.of('pong').length).toBe(21);
    expectFlowed(figures(session, 'controlQueue')!, parked.longestParkMs);
  });

  it('submissions beyond the window, in the inbox and before the workers', async () => {
    await using session = await TestSession.open({
      executor: { maxConcurrentTasks: 1, queueSize: 2 },
      inboxFrames: 3,
    });
    session.send('submit', 1, shell('sleep 60'));
    await session.frame('started', 1);
    for (let id = 2; id <= 12; id += 1) session.send('submit', id, shell('true'));
    const inbox = await parkedAt(session, 'inboxQueue', 1);
    const scheduler = await parkedAt(session, 'schedulerQueue', 1);
    for (const queue of [inbox, scheduler]) expectConsistent(queue);
    expect([inbox.depth, scheduler.depth]).toEqual([3, 2]);
    session.send('cancel', 1);
    for (const handle of session.test.executor.scheduler.activeTasks.values()) handle.cancel();
    await expect.poll(() => session.sink.of('result').length, { timeout: 20_000 }).toBe(12);
    expectFlowed(figures(session, 'inboxQueue')!, inbox.longestParkMs);
    expectFlowed(figures(session, 'schedulerQueue')!, scheduler.longestParkMs);
  });
});

describe('the window of a running task is shown', () => {
  it('with the output that waits for credit, and is gone with its task', async () => {
    const window = { ...WINDOW, outputBytes: 100_000 };
    await using session = await TestSession.open({ session: { window } });
    session.send('submit', 1, { ...shell('head -c 150000 /dev/zero'), output: { mode: 'stream' } });
    const { executionId } = (await session.frame('accepted', 1)).body;
    const parked = await parkedAt(session, 'outputWindow', 1);
    expectConsistent(parked);
    expect(parked).toMatchObject({ scope: executionId, capacity: 100_000, depth: 100_000, fillPercent: 100 });
    session.send('window', 1, { outputBytes: 120_000 });
    await expect.poll(() => figures(session, 'outputWindow')).toMatchObject({ enqueued: 120_000, depth: 100_000 });
    session.send('window', 1, { outputBytes: 1_000_000 });
    await session.result(1);
    expect(figures(session, 'outputWindow')).toBeUndefined();
  });

  it('with the stdin that the process has not taken, and is gone with its task', async () => {
    await using session = await TestSession.open({ session: { window: WINDOW } });
    session.send('submit', 1, { ...shell('sleep 60'), stdin: { stream: true } });
    const { executionId } = (await session.frame('accepted', 1)).body;
    for (let sent = 0; sent < 4; sent += 1) session.send('stdin', 1, { data: new Uint8Array(100_000) });
    const parked = await parkedAt(session, 'stdinWindow', 1);
    expectConsistent(parked);
    expect(parked).toMatchObject({ scope: executionId, capacity: WINDOW.stdinBytes, enqueued: 400_000 });
    expect(parked.depth).toBeGreaterThan(200_000);
    session.send('cancel', 1);
    await session.result(1);
    expect(figures(session, 'stdinWindow')).toBeUndefined();
  });

  it('for no task that does not stream', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, { ...shell('echo out; sleep 60'), stdin: 'given whole' });
    await session.frame('started', 1);
    const names = session.test.registry.snapshot().map(({ name }) => name);
    expect(names.filter((name) => name.endsWith('Window'))).toEqual([]);
  });
});
