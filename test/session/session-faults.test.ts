import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../protocol/index.js';
import { shell } from '../executor/support/executors.js';
import { TestSession } from './support/sessions.js';

const SLEEPER = shell('sleep 60');
const STREAMED = { ...shell('sleep 60'), stdin: { stream: true } };

/** Opens a session, lets the host do something wrong, and answers how it was told off. */
async function fault(act: (session: TestSession) => void | Promise<void>) {
  await using session = await TestSession.open();
  await act(session);
  const exitCode = await session.exitCode;
  expect(session.sink.of('protocolError')).toHaveLength(1);
  expect(session.sink.types.at(-1)).toBe('protocolError');
  expect(session.test.executor.unfinished.size).toBe(0);
  return { exitCode, ...session.sink.of('protocolError')[0]!.body };
}

describe('a host that breaks the protocol', () => {
  it('by using an id twice at once is told which, and exit code 65 follows', async () => {
    const told = await fault((session) => {
      session.send('submit', 5, SLEEPER);
      session.send('submit', 5, SLEEPER);
    });
    expect(told).toMatchObject({ exitCode: 65, code: 'duplicate_id', detail: { id: 5 } });
    expect(told.message).toBe('id 5 is in use by a task that has no result yet');
  });

  it('by using the id of a task for a question', async () => {
    const told = await fault((session) => {
      session.send('submit', 5, SLEEPER);
      session.send('query', 5, { what: 'health' });
    });
    expect(told.code).toBe('duplicate_id');
  });

  it('by using an id twice in one batch', async () => {
    const told = await fault((session) => {
      session.send('submitBatch', 0, {
        tasks: [
          [1, SLEEPER],
          [1, SLEEPER],
        ],
      });
    });
    expect(told.code).toBe('duplicate_id');
  });

  it('by sending more stdin than it was allowed is told how much that was', async () => {
    const told = await fault((session) => {
      session.send('submit', 1, STREAMED);
      session.send('stdin', 1, { data: new Uint8Array(1_000) });
      session.send('stdin', 1, { data: new Uint8Array(1) });
    });
    expect(told).toMatchObject({
      exitCode: 65,
      code: 'window_overrun',
      detail: { id: 1, sent: 1_001, allowed: 1_000 },
    });
    expect(told.message).toContain('stdinWindowBytes');
  });

  it('by sending stdin to a task that did not ask for it', async () => {
    const told = await fault((session) => {
      session.send('submit', 1, SLEEPER);
      session.send('stdin', 1, { data: new Uint8Array(1) });
    });
    expect(told).toMatchObject({ code: 'unexpected_frame', detail: { id: 1 } });
    expect(told.message).toContain('stdin: {stream: true}');
  });

  it('by sending stdin after its end', async () => {
    const told = await fault((session) => {
      session.send('submit', 1, STREAMED);
      session.send('stdin', 1, { end: true });
      session.send('stdin', 1, { data: new Uint8Array(1) });
    });
    expect(told).toMatchObject({ code: 'unexpected_frame', detail: { id: 1 } });
  });

  it('by sending init again', async () => {
    const told = await fault((session) => session.send('init', 0, { protocol: 1 }));
    expect(told).toMatchObject({ exitCode: 65, code: 'unexpected_frame' });
  });

  it.each([
    ['an unknown frame', encodeFrame({ type: 'nonsense', id: 1, body: {} }), 'unknown_type'],
    ['stray text', Buffer.from('Traceback (most recent call last):\n'), 'frame_too_large'],
  ])('by sending %s', async (_what, bytes, code) => {
    expect(await fault((session) => session.source.write(bytes))).toMatchObject({ exitCode: 65, code });
  });

  it('by ending inside a frame', async () => {
    const told = await fault((session) => {
      session.source.write(encodeFrame({ type: 'ping', id: 1, body: {} }).subarray(0, 5));
      session.source.end();
    });
    expect(told).toMatchObject({ exitCode: 65, code: 'frame_truncated' });
  });

  it('has what was running killed before it is left', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, SLEEPER);
    const { pid } = (await session.frame('started', 1)).body;
    session.send('init', 0, { protocol: 1 });
    await session.exitCode;
    expect(() => process.kill(pid!, 0)).toThrow();
    expect(await session.test.workspaces()).toEqual([]);
  });
});

describe('frames that come too late', () => {
  it('for a task that has its result are ignored', async () => {
    await using session = await TestSession.open();
    session.send('submit', 1, { ...shell('true'), stdin: { stream: true } });
    await session.result(1);
    session.send('stdin', 1, { data: new Uint8Array(5_000), end: true });
    session.send('stdin', 1, { end: true });
    session.send('window', 1, { outputBytes: 1 });
    session.send('signal', 1, { signal: 'SIGTERM' });
    session.send('cancel', 1);
    session.send('ping', 2);
    await session.frame('pong', 2);
    expect(session.sink.of('protocolError')).toEqual([]);
  });
});
