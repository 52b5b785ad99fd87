import { describe, expect, it } from 'vitest';
import { shell } from '../executor/support/executors.js';
import { TestSession } from './support/sessions.js';

const SLEEPER = shell('sleep 60');

/** A session whose reader is parked: one task runs, two are queued, and more wait than the inbox holds. */
async function openParked(options: { onEof?: 'kill' | 'drain'; task?: object } = {}): Promise<TestSession> {
  const session = await TestSession.open({
    executor: { maxConcurrentTasks: 1, queueSize: 2 },
    inboxFrames: 3,
    readAheadBytes: 1_000_000,
    ...(options.onEof && { session: { onEof: options.onEof } }),
  });
  for (let id = 1; id <= 30; id += 1) session.send('submit', id, options.task ?? SLEEPER);
  await expect
    .poll(() => session.test.registry.snapshot().find(({ name }) => name === 'inboxQueue'))
    .toMatchObject({ waiters: 1 });
  return session;
}

describe('a host that leaves while it is parked', () => {
  it('has everything killed, and the session ends as at any end of stdin', async () => {
    await using session = await openParked();
    session.source.end();
    expect(await session.exitCode).toBe(0);
    expect(session.sink.of('bye')).toMatchObject([{ body: { reason: 'end of stdin' } }]);
    expect(session.sink.of('result').filter(({ body }) => body.status === 'success')).toEqual([]);
    expect(session.test.executor.unfinished.size).toBe(0);
  });

  it('has everything finished where the end of stdin is to finish it', async () => {
    await using session = await openParked({ onEof: 'drain', task: shell('sleep 0.1') });
    session.source.end();
    expect(await session.exitCode).toBe(0);
    expect(session.sink.of('result').filter(({ body }) => body.status === 'success')).toHaveLength(30);
  });

  it('is told of a fault that comes before the end, where nothing keeps the reader from it', async () => {
    await using session = await TestSession.open({ readAheadBytes: 1_000_000 });
    session.send('submit', 1, {});
    session.send('nonsense', 2);
    session.source.end();
    expect(await session.exitCode).toBe(65);
    expect(session.sink.of('protocolError')).toMatchObject([{ body: { code: 'unknown_type' } }]);
  });
});
