import { describe, expect, it } from 'vitest';
import { MAX_OUTPUT_CHUNK_BYTES, MAX_UNANSWERED_QUERIES } from '../../protocol/index.js';
import { shell } from '../executor/support/executors.js';
import { TestSession } from './support/sessions.js';

const WINDOW = { tasks: 110, taskBytes: 1_000_000, outputBytes: 100_000, stdinBytes: 1_000 };

function sentOutput(session: TestSession, id: number): number {
  return session.sink
    .of('output')
    .filter((frame) => frame.id === id)
    .reduce((sum, { body }) => sum + body.data.byteLength, 0);
}

describe('streamed output', () => {
  const flood = { ...shell('head -c 500000 /dev/zero'), output: { mode: 'stream' } };

  it('never exceeds the credit, comes whole in the end, and in pieces that join up', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, flood);
    for (let allowed = 100_000; allowed < 500_000; allowed += 100_000) {
      await expect.poll(() => sentOutput(session, 1)).toBe(allowed);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(sentOutput(session, 1)).toBe(allowed);
      session.send('window', 1, { outputBytes: allowed + 100_000 });
    }
    const result = await session.result(1);
    expect(result).toMatchObject({ status: 'success', stdoutBytes: 500_000, truncated: { stdout: false } });
    let offset = 0;
    for (const { body } of session.sink.of('output')) {
      expect(body.offset).toBe(offset);
      expect(body.data.byteLength).toBeLessThanOrEqual(MAX_OUTPUT_CHUNK_BYTES);
      offset += body.data.byteLength;
    }
    expect(offset).toBe(500_000);
    expect(result.timing.stalledMs).toBeGreaterThan(50);
  });

  it('that waits for credit holds no other task back', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, flood);
    await expect.poll(() => sentOutput(session, 1)).toBe(100_000);
    session.send('submit', 2, { ...shell('echo other'), output: { mode: 'stream' } });
    expect((await session.result(2)).status).toBe('success');
    expect(session.sink.of('result').map(({ id }) => id)).toEqual([2]);
  });

  it('that waits for credit is given up by a cancel', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, flood);
    await expect.poll(() => sentOutput(session, 1)).toBe(100_000);
    session.send('cancel', 1);
    const result = await session.result(1);
    expect(result.truncated.stdout).toBe(true);
    expect(sentOutput(session, 1)).toBe(100_000);
  });

  it('waits, process and all, while the host does not read, and is lost nowhere', async () => {
    const window = { ...WINDOW, outputBytes: 10_000_000 };
    await using session = await TestSession.open({ session: { window } });
    session.sink.stall();
    session.send('submit', 1, { ...shell('head -c 5000000 /dev/zero'), output: { mode: 'stream' } });
    await expect
      .poll(() => session.test.registry.snapshot().find(({ name }) => name === 'outputQueue')?.waiters)
      .toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(session.test.executor.unfinished.size).toBe(1);
    session.sink.resume();
    expect((await session.result(1)).stdoutBytes).toBe(5_000_000);
    expect(sentOutput(session, 1)).toBe(5_000_000);
  });
});

describe('streamed stdin', () => {
  it('gets new credit as the process reads, and none while it does not', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, { ...shell('cat | wc -c'), stdin: { stream: true } });
    const allowed = () => session.sink.of('window').at(-1)?.body.stdinBytes ?? 1_000;
    let sent = 0;
    while (sent < 20_000) {
      await expect.poll(allowed, { interval: 5 }).toBeGreaterThan(sent);
      const bytes = allowed() - sent;
      session.send('stdin', 1, { data: new Uint8Array(bytes) });
      sent += bytes;
    }
    session.send('stdin', 1, { end: true });
    expect(
      Buffer.from((await session.result(1)).stdout)
        .toString()
        .trim(),
    ).toBe(String(sent));
  });

  it('can come before the task has been started', async () => {
    await using session = await TestSession.open({ executor: { maxConcurrentTasks: 1 } });
    session.send('submit', 1, shell('sleep 0.2'));
    session.send('submit', 2, { ...shell('cat'), stdin: { stream: true } });
    session.send('stdin', 2, { data: Buffer.from('early'), end: true });
    expect(Buffer.from((await session.result(2)).stdout).toString()).toBe('early');
  });
});

describe('questions', () => {
  it('may be unanswered as many at once as the protocol allows, and the reader goes on', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, shell('sleep 60'));
    await session.frame('started', 1);
    session.sink.stall();
    session.send('ping', 999);
    await expect.poll(() => session.sink.of('pong').length).toBe(1);
    for (let id = 1; id <= MAX_UNANSWERED_QUERIES; id += 1) session.send('ping', 1_000 + id);
    session.send('cancel', 1);
    await expect.poll(() => session.test.executor.unfinished.size).toBe(0);
    expect(session.sink.of('pong')).toHaveLength(1);
    session.sink.resume();
    await session.frame('pong', 1_000 + MAX_UNANSWERED_QUERIES);
  });

  it('beyond that stop the reader until one is answered, and none is lost', async () => {
    await using session = await TestSession.open();
    session.sink.stall();
    session.send('ping', 999);
    await expect.poll(() => session.sink.of('pong').length).toBe(1);
    const read = session.source.read;
    for (let id = 1; id <= 200; id += 1) session.send('ping', 1_000 + id);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The one behind the last has been read ahead.
    expect(session.source.read - read).toBeLessThanOrEqual(MAX_UNANSWERED_QUERIES + 2);
    session.sink.resume();
    await expect.poll(() => session.sink.of('pong').length).toBe(201);
  });

  it('that are large stop the reader before they fill the memory', async () => {
    await using session = await TestSession.open();
    session.sink.stall();
    session.send('ping', 999);
    await expect.poll(() => session.sink.of('pong').length).toBe(1);
    const read = session.source.read;
    for (let id = 1; id <= 20; id += 1) session.send('ping', 1_000 + id, { data: new Uint8Array(400_000) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(session.source.read - read).toBeLessThan(5);
    session.sink.resume();
    await expect.poll(() => session.sink.of('pong').length).toBe(21);
  });
});

describe('a host that submits more than its window', () => {
  it('is parked: the reader stops, nothing is refused and nothing is lost', async () => {
    await using session = await TestSession.open({
      executor: { maxConcurrentTasks: 1, queueSize: 2 },
      inboxFrames: 3,
    });
    session.send('submit', 1, shell('sleep 60'));
    await session.frame('started', 1);
    for (let id = 2; id <= 30; id += 1) session.send('submit', id, shell('true'));
    await expect
      .poll(() => session.test.registry.snapshot().find(({ name }) => name === 'inboxQueue'))
      .toMatchObject({ depth: 3, waiters: 1 });
    const { read } = session.source;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(session.source.read).toBe(read);
    expect(read).toBeLessThan(15);
    for (const handle of session.test.executor.scheduler.activeTasks.values()) handle.cancel();
    await expect.poll(() => session.sink.of('result').length, { timeout: 20_000 }).toBe(30);
    expect(session.sink.of('result').filter(({ body }) => body.status === 'success')).toHaveLength(29);
  });
});
