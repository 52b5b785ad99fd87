import { afterEach, describe, expect, it, vi } from 'vitest';
import { INIT_TIMEOUT_MS, PROTOCOL_VERSION, ProtocolFault, sidecarFrames } from '../../protocol/index.js';
import { faultFrame, helloFrame, RawFrames, receiveInit } from '../../src/session/index.js';
import { TestSource } from './support/frames.js';

const never = new AbortController().signal;

function initOf(input: TestSource, signal = never) {
  return receiveInit(new RawFrames(input), signal);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('hello', () => {
  it('says who speaks, which protocols, and how large a frame may be', () => {
    const frame = helloFrame({ version: '1.2.3', maxFrameBytes: 5_000 });
    expect(sidecarFrames.hello.body.safeParse(frame.body).error).toBeUndefined();
    expect(frame).toMatchObject({
      type: 'hello',
      id: 0,
      body: { magic: 'exec-sidecar', protocol: { min: 1, max: 1 }, version: '1.2.3', pid: process.pid },
    });
  });
});

describe('waiting for init', () => {
  it('resolves with what the host says', async () => {
    const input = new TestSource();
    const init = { protocol: PROTOCOL_VERSION, config: { queueSize: 5 }, heartbeatMs: 100 };
    input.send({ type: 'init', id: 0, body: init });
    expect(await initOf(input)).toEqual(init);
  });

  it('gives up after ten seconds, and names the time', async () => {
    vi.useFakeTimers();
    const outcome = initOf(new TestSource()).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(INIT_TIMEOUT_MS - 1);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    const fault = (await outcome) as ProtocolFault;
    expect([fault.code, fault.message]).toEqual(['init_timeout', expect.stringContaining('10000 ms')]);
  });

  it('is not put off by frames that are ignored', async () => {
    vi.useFakeTimers();
    const input = new TestSource();
    const outcome = initOf(input).catch((error: unknown) => error);
    for (let at = 0; at < 10; at += 1) {
      input.send({ type: 'x-hurry', id: 0, body: {} });
      await vi.advanceTimersByTimeAsync(INIT_TIMEOUT_MS / 10);
    }
    expect(await outcome).toMatchObject({ code: 'init_timeout' });
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    const input = new TestSource();
    input.send({ type: 'init', id: 0, body: { protocol: PROTOCOL_VERSION } });
    await initOf(input);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends where the host is gone', async () => {
    const input = new TestSource();
    input.end();
    expect(await initOf(input)).toBeNull();
  });

  it.each([true, false])('ends when it is aborted (before it began: %s)', async (before) => {
    const controller = new AbortController();
    if (before) controller.abort();
    const outcome = initOf(new TestSource(), controller.signal);
    controller.abort();
    expect(await outcome).toBeNull();
  });

  it('refuses another first frame', async () => {
    const input = new TestSource();
    input.send({ type: 'submit', id: 1, body: { command: 'ls' } });
    await expect(initOf(input)).rejects.toMatchObject({
      code: 'unexpected_frame',
      message: 'submit: the first frame must be init',
    });
  });

  it('refuses a protocol that is not spoken, and says which is', async () => {
    const input = new TestSource();
    input.send({ type: 'init', id: 0, body: { protocol: 7 } });
    await expect(initOf(input)).rejects.toMatchObject({
      code: 'unsupported_protocol',
      message: 'init.protocol: 7 is not spoken here; supported: 1',
      detail: { requested: 7, min: 1, max: 1 },
    });
  });

  it('refuses what is no frame', async () => {
    const input = new TestSource();
    input.write(Buffer.from('GET / HTTP/1.1\r\n'));
    await expect(initOf(input)).rejects.toMatchObject({ code: 'frame_too_large' });
  });
});

describe('the frame that tells a fault', () => {
  it('bears its code, its message and what is known of it', () => {
    const fault = new ProtocolFault('duplicate_id', 'id 5 is in use', { id: 5 });
    const body = { code: 'duplicate_id', message: 'id 5 is in use', detail: { id: 5 } };
    expect(faultFrame(fault)).toEqual({ type: 'protocolError', id: 0, body });
    expect('detail' in faultFrame(new ProtocolFault('frame_empty', 'empty')).body).toBe(false);
  });
});
