import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type ProtocolErrorBody } from '../../protocol/index.js';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';

const MEGABYTE = 1_048_576;

/** What a host does wrong in an open session in which task 1 runs. */
interface Misdeed {
  readonly code: ProtocolErrorBody['code'];
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Whether the fault shows only at the end of stdin. */
  readonly atEnd?: boolean;
  /** What the message has to name. */
  readonly named: string;
}

const misdeeds: readonly Misdeed[] = [
  { code: 'frame_empty', what: 'a frame of no bytes', bytes: hex('00000000'), named: '0' },
  { code: 'frame_too_large', what: 'a length above the maximum', bytes: hex('01000000'), named: '16777215' },
  {
    code: 'frame_too_large',
    what: 'stray text',
    bytes: Buffer.from('Warning: something is deprecated\n'),
    named: 'Warning: something is deprecated',
  },
  {
    code: 'frame_truncated',
    what: 'an end inside a payload',
    bytes: hex('00000003 93'),
    atEnd: true,
    named: '5 of the 7 bytes',
  },
  { code: 'decode_failed', what: 'a byte that msgpack never uses', bytes: hex('00000001 c1'), named: '' },
  { code: 'too_deep', what: 'arrays in arrays', bytes: framed(`${'91'.repeat(17)}c0`), named: '16' },
  { code: 'too_many_elements', what: 'an array32 of 2^32 - 1', bytes: hex('00000005 ddffffffff'), named: '4294967295' },
  { code: 'invalid_utf8', what: 'a str that is not UTF-8', bytes: hex('00000002 a1ff'), named: 'UTF-8' },
  {
    code: 'invalid_frame',
    what: 'a task with the id of the connection',
    bytes: frame('submit', 0, { command: 'true' }),
    named: 'id',
  },
  { code: 'unknown_type', what: 'a type that is misspelt', bytes: frame('sumbit', 2, {}), named: 'sumbit' },
  { code: 'unexpected_frame', what: 'a frame of the other direction', bytes: frame('result', 1, {}), named: 'result' },
  { code: 'unexpected_frame', what: 'a second init', bytes: frame('init', 0, { protocol: 1 }), named: 'init' },
  {
    code: 'unexpected_frame',
    what: 'stdin for a task that has none',
    bytes: frame('stdin', 1, { end: true }),
    named: 'task 1',
  },
  {
    code: 'unexpected_frame',
    what: 'stdin after its end',
    bytes: Buffer.concat([streamed(2), frame('stdin', 2, { end: true }), frame('stdin', 2, { data: hex('00') })]),
    named: 'task 2',
  },
  {
    code: 'invalid_body',
    what: 'a reason that is a number',
    bytes: frame('cancel', 1, { reason: 5 }),
    named: 'reason',
  },
  {
    code: 'invalid_body',
    what: 'a query for nothing known',
    bytes: frame('query', 2, { what: 'weather' }),
    named: 'what',
  },
  {
    code: 'duplicate_id',
    what: 'a task with the id of another',
    bytes: frame('submit', 1, { command: 'true' }),
    named: '1',
  },
  {
    code: 'duplicate_id',
    what: 'a query with the id of a task',
    bytes: frame('query', 1, { what: 'health' }),
    named: '1',
  },
  {
    code: 'duplicate_id',
    what: 'a batch with an id twice',
    bytes: frame('submitBatch', 0, {
      tasks: [
        [2, { command: 'true' }],
        [2, { command: 'true' }],
      ],
    }),
    named: '2',
  },
  {
    code: 'window_overrun',
    what: 'stdin beyond the window',
    bytes: Buffer.concat([streamed(2), frame('stdin', 2, { data: new Uint8Array(262_145) })]),
    named: 'stdinWindowBytes',
  },
];

describe.concurrent('a host that breaks the protocol', () => {
  it.each(misdeeds)('by $what is told $code, once and at last, and its tasks are dead', async (misdeed) => {
    await using host = await RawHost.spawn();
    await host.submit(1, { command: 'sh', args: ['-c', 'setsid sleep 60 & sleep 60'] });
    const { pid } = (await host.waitFor({ type: 'started', id: 1 })).body;
    await host.sendBytes(misdeed.bytes);
    if (misdeed.atEnd) host.closeStdin();
    await lastWord(host, misdeed);
    expect(host.frames.filter(({ type, id }) => type === 'result' && id === 1)).toEqual([]);
    expect(isAlive(pid!)).toBe(false);
  });

  it('by text is quoted its first 64 bytes', async () => {
    await using host = await RawHost.spawn();
    const text = `Traceback (most recent call last):\n  ${'x'.repeat(100)}`;
    await host.sendBytes(Buffer.from(text));
    const { message } = await lastWord(host, { code: 'frame_too_large', named: 'Traceback' });
    expect(message).toContain('x'.repeat(64 - 37));
    expect(message).not.toContain('x'.repeat(65 - 37));
  });

  it.each([
    ['that it does not speak', { protocol: 2 }, 'unsupported_protocol', 'init.protocol: 2', 65],
    ['that is none', {}, 'invalid_body', 'protocol', 65],
    ['with a setting that is wrong', { protocol: 1, config: { queueSize: 0 } }, 'invalid_config', 'queueSize', 78],
    ['with a setting that is unknown', { protocol: 1, config: { qeueSize: 5 } }, 'invalid_config', 'qeueSize', 78],
    [
      'with a sandbox that is not here',
      { protocol: 1, config: { workspaceRoot: '/no/such' } },
      'invalid_config',
      '/no/such',
      78,
    ],
  ] as const)('by an init %s', async (_, body, code, named, exitCode) => {
    await using host = await RawHost.spawn({ autoInit: false });
    await host.send('init', 0, body);
    await lastWord(host, { code, named }, exitCode);
    expect(host.frames.map(({ type }) => type)).toEqual(['hello', 'protocolError']);
  });

  it('by another first frame than init', async () => {
    await using host = await RawHost.spawn({ autoInit: false });
    await host.submit(1, { command: 'true' });
    await lastWord(host, { code: 'unexpected_frame', named: 'init' });
  });

  it('by no init within 10 seconds', async () => {
    await using host = await RawHost.spawn({ autoInit: false });
    const { at } = await host.waitFor({ type: 'hello' });
    await lastWord(host, { code: 'init_timeout', named: '10000 ms' });
    expect(host.frames.at(-1)!.at - at).toBeGreaterThan(9_000);
  });

  it('is told so behind all that it has not read', async () => {
    await using host = await RawHost.spawn();
    const pid = await fillStdout(host);
    await host.sendBytes(hex('00000000'));
    await waitFor(() => !isAlive(pid), 'the end of the task');
    host.resumeReading();
    await lastWord(host, { code: 'frame_empty', named: '0' });
  });
});

describe('what a host may send', () => {
  it('includes frames of types that begin with x-, and unknown fields, at any time', async () => {
    await using host = await RawHost.spawn({ autoInit: false });
    await host.send('x-before', 7, { any: 'thing' });
    await host.send('init', 0, { protocol: 1, extra: [1] });
    await host.waitFor({ type: 'ready' });
    await host.sendBytes(frame('x-after', 4_294_967_295, {}));
    await host.send('submit', 1, { command: 'echo', args: ['hi'], extra: { deep: [null] } });
    expect(await host.resultOf(1)).toMatchObject({ status: 'success' });
  });

  it('includes cancel, signal, window and stdin for ids that are unknown or answered', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, { command: 'cat', stdin: { stream: true } });
    await host.send('stdin', 1, { end: true });
    await host.resultOf(1);
    for (const id of [1, 99]) {
      await host.send('cancel', id, {});
      await host.send('signal', id, { signal: 'SIGTERM' });
      await host.send('window', id, { outputBytes: 1 });
      await host.send('stdin', id, { data: hex('00'), end: true });
    }
    await host.send('ping', 2, { still: 'here' });
    expect((await host.waitFor({ type: 'pong', id: 2 })).body).toEqual({ still: 'here' });
    expect(host.frames.filter(({ id }) => id === 99)).toEqual([]);
  });

  it('includes a task that is wrong: that is its own misfortune', async () => {
    await using host = await RawHost.spawn();
    const wrong: readonly (readonly [body: object, named: string])[] = [
      [{}, 'command'],
      [{ command: 5 }, 'command'],
      [{ command: 'a\0b' }, 'command'],
      [{ command: 'true', args: 'x' }, 'args'],
      [{ command: 'true', env: [['A=B', 'x']] }, 'env'],
      [{ command: 'true', limits: { timeoutMs: 1.5 } }, 'limits.timeoutMs'],
      [{ command: 'true', priority: 101 }, 'priority'],
      [{ command: 'true', files: [{ path: '../up', data: '' }] }, 'files[0].path'],
      [{ command: 'true', cwd: '/' }, 'cwd'],
      [{ command: 'true', label: 'l'.repeat(1_025) }, 'label'],
      [{ command: 'true', output: { mode: 'shout' } }, 'output.mode'],
    ];
    await Promise.all(wrong.map(([body], index) => host.send('submit', index + 1, body)));
    for (const [index, [, named]] of wrong.entries()) {
      const { status, error } = await host.resultOf(index + 1);
      expect({ status, kind: error?.kind }).toEqual({ status: 'notExecuted', kind: 'validation' });
      expect(error?.message).toContain(named);
    }
    await host.submit(50, { command: 'true' });
    expect(await host.resultOf(50)).toMatchObject({ status: 'success' });
  });
});

describe('what a frame declares costs nothing', () => {
  it('where 10 bytes of 16 MiB have come, and the rest does not', async () => {
    await using host = await RawHost.spawn({ heartbeatMs: 50 });
    await nextHeartbeat(host);
    const before = peakMemory(host.pid);
    await host.sendBytes(Buffer.concat([hex('00ffffff'), new Uint8Array(10)]));
    for (let beats = 0; beats < 4; beats += 1) await nextHeartbeat(host);
    expect(peakMemory(host.pid) - before).toBeLessThan(6 * MEGABYTE);
    host.closeStdin();
    await lastWord(host, { code: 'frame_truncated', named: '14 of the 16777219 bytes' });
  });

  it.each([
    ['an array declares 2^32 - 1 elements', hex('00000005 ddffffffff')],
    ['each of 15 arrays declares as many elements as bytes remain', fullOfPromises()],
  ])('where %s', async (_, bytes) => {
    await using host = await RawHost.spawn();
    const pid = await fillStdout(host);
    const before = peakMemory(host.pid);
    await host.sendBytes(bytes);
    // The last word cannot leave while this host does not read: so long the sidecar stays, and can be looked at.
    await waitFor(() => !isAlive(pid), 'the end of the task');
    const after = peakMemory(host.pid);
    expect(after).toBeGreaterThan(0);
    expect(after - before).toBeLessThan(48 * MEGABYTE);
    host.resumeReading();
    await lastWord(host, { code: 'too_many_elements', named: '' });
  });
});

/** The one protocolError of a session, which has to be its last frame. */
async function lastWord(
  host: RawHost,
  { code, named }: Pick<Misdeed, 'code' | 'named'>,
  exitCode = 65,
): Promise<ProtocolErrorBody> {
  expect(await host.exit).toEqual({ code: exitCode, signal: null });
  const faults = host.frames.flatMap((each) => (each.type === 'protocolError' ? [each.body] : []));
  expect(faults.map((fault) => fault.code)).toEqual([code]);
  expect(host.frames.at(-1)?.type).toBe('protocolError');
  expect(faults[0]!.message).toContain(named);
  expect(host.frames.filter(({ type }) => type === 'bye')).toEqual([]);
  return faults[0]!;
}

async function nextHeartbeat(host: RawHost): Promise<void> {
  const seen = host.frames.length;
  await waitFor(() => host.frames.slice(seen).some(({ type }) => type === 'heartbeat'), 'a heartbeat');
}

/** Stops reading while a task floods stdout, so that nothing more can leave the sidecar. Gives the pid of the task. */
async function fillStdout(host: RawHost): Promise<number> {
  await host.submit(1, {
    command: 'cat',
    args: ['/dev/zero'],
    limits: { outputBytes: 2 ** 40 },
    output: { mode: 'stream', onOverflow: 'kill' },
  });
  await host.send('window', 1, { outputBytes: 2 ** 40 });
  const { pid } = (await host.waitFor({ type: 'started', id: 1 })).body;
  await host.waitFor({ type: 'output', id: 1 });
  host.pauseReading();
  await sleep(500);
  return pid!;
}

/** The most memory that a process has had so far, in bytes; 0 where it is gone. */
function peakMemory(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

function frame(type: string, id: number, body: object): Uint8Array {
  return encodeFrame({ type, id, body });
}

function streamed(id: number): Uint8Array {
  return frame('submit', id, { command: 'sleep', args: ['60'], stdin: { stream: true } });
}

function hex(digits: string): Uint8Array {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

/** A frame of 4 MiB - 1 that begins with 15 arrays, one in the other. */
function fullOfPromises(): Uint8Array {
  const heads = hex('dd003fff00'.repeat(15));
  return Buffer.concat([hex('003fffff'), heads, new Uint8Array(0x3fffff - heads.byteLength)]);
}

function framed(payload: string): Uint8Array {
  const bytes = hex(payload);
  return Buffer.concat([Buffer.from([0, 0, 0, bytes.byteLength]), bytes]);
}
