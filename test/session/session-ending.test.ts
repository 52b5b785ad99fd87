import { describe, expect, it } from 'vitest';
import { shell } from '../executor/support/executors.js';
import { isPending } from '../support/gate.js';
import { isAlive } from '../support/processes.js';
import { TestSession } from './support/sessions.js';

const SLEEPER = shell('sleep 60');

/** Opens a session with a task that runs. */
async function withTask(task: object, options: Parameters<typeof TestSession.open>[0] = {}): Promise<TestSession> {
  const session = await TestSession.open(options);
  session.send('submit', 1, task);
  await session.frame('started', 1);
  return session;
}

describe('shutdown', () => {
  it('drains: what was accepted is finished, then comes bye, and exit code 0', async () => {
    await using session = await withTask(shell('sleep 0.3; echo done'), { executor: { maxConcurrentTasks: 1 } });
    session.send('submit', 2, shell('echo queued'));
    session.send('shutdown', 0, { mode: 'drain' });
    session.send('submit', 3, shell('echo late'));
    expect(await session.exitCode).toBe(0);
    expect(session.sink.of('result').map(({ id, body }) => [id, body.status])).toEqual([
      [3, 'notExecuted'],
      [1, 'success'],
      [2, 'success'],
    ]);
    expect((await session.result(3)).error).toMatchObject({ details: { code: 'shutting_down' } });
    expect(session.sink.frames.at(-1)).toMatchObject({
      type: 'bye',
      body: { reason: 'shutdown drain', completed: 3, cancelled: 0, leaked: 0 },
    });
  });

  it('now cancels everything and still gives each its result', async () => {
    await using session = await withTask(SLEEPER, { executor: { maxConcurrentTasks: 1 } });
    session.send('submit', 2, SLEEPER);
    session.send('shutdown', 0, { mode: 'now' });
    expect(await session.exitCode).toBe(0);
    expect(session.sink.of('result').map(({ body }) => body.status)).toEqual(['cancelled', 'cancelled']);
    expect(session.sink.of('bye')[0]!.body).toMatchObject({ reason: 'shutdown now', cancelled: 2, completed: 0 });
  });

  it('cancels what is not done by the deadline', async () => {
    await using session = await withTask(SLEEPER);
    session.send('shutdown', 0, { mode: 'drain', deadlineMs: 100 });
    expect(await session.exitCode).toBe(0);
    expect((await session.result(1)).status).toBe('cancelled');
  });

  it('takes a deadline that is longer than any timer', async () => {
    await using session = await withTask(shell('sleep 0.3'));
    session.send('shutdown', 0, { mode: 'drain', deadlineMs: Number.MAX_SAFE_INTEGER });
    await session.exitCode;
    expect((await session.result(1)).status).toBe('success');
  });

  it('is hurried by a second one that wants it now', async () => {
    await using session = await withTask(SLEEPER);
    session.send('shutdown', 0, { mode: 'drain' });
    expect(await isPending(session.exitCode)).toBe(true);
    session.send('shutdown', 0, { mode: 'now' });
    expect(await session.exitCode).toBe(0);
    expect(session.sink.of('bye')).toHaveLength(1);
  });

  it.each(['drain', 'now'])('waits for a host that reads slowly, and says everything: %s', async (mode) => {
    await using session = await withTask(shell('true'));
    session.sink.stall();
    session.send('ping', 5);
    session.send('submit', 2, shell('echo last'));
    session.send('shutdown', 0, { mode });
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect(await isPending(session.exitCode)).toBe(true);
    session.sink.resume();
    await session.exitCode;
    expect(session.sink.types.slice(-2)).toEqual(['result', 'bye']);
  });

  it('does not wait for ever for a host that has left without reading', async () => {
    await using session = await withTask(SLEEPER);
    session.sink.stall();
    session.send('ping', 5);
    session.send('shutdown', 0, { mode: 'now' });
    session.source.end();
    expect(await session.exitCode).toBe(0);
  });
});

describe('the end of stdin', () => {
  it('kills everything, and exit code 0 follows', async () => {
    await using session = await withTask(SLEEPER);
    const { pid } = (await session.frame('started', 1)).body;
    session.source.end();
    expect(await session.exitCode).toBe(0);
    expect(isAlive(pid!)).toBe(false);
    expect((await session.result(1)).status).toBe('cancelled');
    expect(session.sink.of('bye')[0]!.body.reason).toBe('end of stdin');
  });

  it('lets what is under way finish where it is told to, output without credit included', async () => {
    await using session = await withTask(
      { ...shell('head -c 400000 /dev/zero; sleep 0.2'), output: { mode: 'stream' } },
      { session: { onEof: 'drain' } },
    );
    session.send('submit', 2, shell('echo queued'));
    session.source.end();
    expect(await session.exitCode).toBe(0);
    expect(await session.result(1)).toMatchObject({ status: 'success', stdoutBytes: 400_000 });
    expect((await session.result(2)).status).toBe('success');
    const sent = session.sink.of('output').reduce((sum, { body }) => sum + body.data.byteLength, 0);
    expect(sent).toBe(400_000);
  });

  it('is the end of the stdin of every task that streams it', async () => {
    await using session = await withTask({ ...shell('cat'), stdin: { stream: true } }, { session: { onEof: 'drain' } });
    session.send('stdin', 1, { data: Buffer.from('half') });
    session.source.end();
    expect(await session.exitCode).toBe(0);
    const { status, stdout } = await session.result(1);
    expect([status, Buffer.from(stdout).toString()]).toEqual(['success', 'half']);
  });

  it('does not hurry a shutdown that drains, where it would drain itself', async () => {
    await using session = await withTask(shell('sleep 0.3'), { session: { onEof: 'drain' } });
    session.send('shutdown', 0, { mode: 'drain' });
    session.source.end();
    await session.exitCode;
    expect((await session.result(1)).status).toBe('success');
  });

  it('loses no result where it drains and the rest is read slowly', async () => {
    await using session = await withTask(shell('sleep 0.1'), { session: { onEof: 'drain' } });
    session.sink.stall();
    session.send('ping', 5);
    session.source.end();
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect(await isPending(session.exitCode)).toBe(true);
    session.sink.resume();
    expect(await session.exitCode).toBe(0);
    expect(session.sink.types.slice(-2)).toEqual(['result', 'bye']);
  });
});

describe('a host that no longer reads', () => {
  it('is gone: everything is killed, and exit code 0 follows', async () => {
    await using session = await withTask(SLEEPER);
    const { pid } = (await session.frame('started', 1)).body;
    session.sink.vanish();
    expect(await session.exitCode).toBe(0);
    expect(isAlive(pid!)).toBe(false);
  });
});

describe('a process that is told to end', () => {
  it('cancels everything, says so, and exits with 143', async () => {
    await using session = await withTask(SLEEPER);
    session.termination.abort('SIGTERM');
    expect(await session.exitCode).toBe(143);
    expect((await session.result(1)).error?.message).toContain('SIGTERM');
    expect(session.sink.of('bye')[0]!.body.reason).toBe('SIGTERM');
  });

  it('ends as well where it was told before the session began to run', async () => {
    await using session = await TestSession.open();
    session.termination.abort('SIGTERM');
    expect(await session.exitCode).toBe(143);
    expect(session.sink.types).toEqual(['bye']);
  });
});

describe('a stdin that breaks', () => {
  it('is an internal error, which is logged', async () => {
    await using session = await TestSession.open();
    session.source.fail(new Error('EIO'));
    expect(await session.exitCode).toBe(70);
    expect(session.test.logger.lines.map(({ message }) => message)).toContain('the session failed');
  });
});
