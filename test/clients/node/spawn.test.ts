import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { isAlive } from '../../support/processes.js';

const script = useFakeSidecar();

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spawn-test-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('a sidecar that starts', () => {
  it('is ready with what it has said of itself', async () => {
    await using sidecar = await Sidecar.spawn(
      script({ open: { ready: { sessionId: 'session-7', window: { tasks: 3 } } } }, { serve: {} }),
    );
    expect(sidecar.ready).toMatchObject({ sessionId: 'session-7', window: { tasks: 3, outputBytes: 262_144 } });
    expect(isAlive(sidecar.pid)).toBe(true);
  });

  it('is sent the configuration and the heartbeat interval in init', async () => {
    const stderr: string[] = [];
    await using sidecar = await Sidecar.spawn({
      ...script({ report: true }, { open: {} }),
      config: { queueSize: 7 },
      heartbeatMs: 250,
      onStderr: (text) => stderr.push(text),
    });
    await sidecar.close({ mode: 'now', deadlineMs: 0 });
    const [init] = stderr.join('').split('\n');
    expect(JSON.parse(init!)).toEqual({
      type: 'init',
      id: 0,
      body: { protocol: 1, config: { queueSize: 7 }, heartbeatMs: 250 },
    });
  });

  it('is understood when every byte comes alone', async () => {
    await using sidecar = await Sidecar.spawn(script({ split: true }, { open: {} }, { serve: {} }));
    expect(await sidecar.run('echo', ['bytes'])).toMatchObject({ stdout: 'bytes' });
  });

  it('hands on warnings that follow ready in the same write, and heartbeats', async () => {
    const warnings: string[] = [];
    const heartbeats: number[] = [];
    await using sidecar = await Sidecar.spawn({
      ...script({ open: {} }, { send: 'limitWarning', body: warning('schedulerQueue') }, heartbeat(1), heartbeat(2), {
        serve: {},
      }),
      onLimitWarning: ({ limit }) => warnings.push(limit),
      onHeartbeat: ({ seq }) => heartbeats.push(seq),
    });
    await sidecar.ping();
    expect(warnings).toEqual(['schedulerQueue']);
    expect(heartbeats).toEqual([1, 2]);
  });

  it('is given exactly the environment that is asked for', async () => {
    const program = join(directory, 'environment.mjs');
    await writeFile(program, 'console.error(JSON.stringify(process.env)); process.exit(3);');
    const spawning = Sidecar.spawn({ executable: program, env: { ONLY: 'this' } });
    await expect(spawning).rejects.toMatchObject({
      exitCode: 3,
      stderrTail: expect.stringContaining('{"ONLY":"this"'),
    });
  });
});

describe('a sidecar that cannot be started', () => {
  it.each(['missing.js', 'missing'])('is refused with the path of the missing executable %s', async (name) => {
    const executable = join(directory, name);
    await expect(Sidecar.spawn({ executable })).rejects.toMatchObject({
      code: 'spawn_failed',
      path: executable,
      message: expect.stringContaining(`${executable}: no such file`),
    });
  });

  it('is refused with its name where PATH does not have it', async () => {
    await expect(Sidecar.spawn({ executable: 'exec-sidecar-that-is-nowhere' })).rejects.toMatchObject({
      code: 'spawn_failed',
      path: 'exec-sidecar-that-is-nowhere',
    });
  });

  it('is refused with the path of a file that may not be executed', async () => {
    const executable = join(directory, 'plain-file');
    await writeFile(executable, '#!/bin/sh\nexit 0\n');
    await chmod(executable, 0o644);
    await expect(Sidecar.spawn({ executable })).rejects.toMatchObject({
      code: 'spawn_failed',
      path: executable,
      message: expect.stringContaining('may not be executed'),
    });
  });

  it('is refused with what the system says where its arguments cannot be passed', async () => {
    const spawning = Sidecar.spawn({ ...script(), args: ['x'.repeat(4_000_000)] });
    await expect(spawning).rejects.toMatchObject({ code: 'spawn_failed', message: expect.stringContaining('E2BIG') });
  });

  it.each([
    ['executable', { executable: '' }],
    ['args', { args: [1] }],
    ['config', { config: 'queueSize' }],
    ['startTimeoutMs', { startTimeoutMs: 0 }],
    ['heartbeatMs', { heartbeatMs: 1.5 }],
    ['onStderr', { onStderr: true }],
    ['onLimitWarning', { onLimitWarning: {} }],
  ])('is refused with the name of the option %s that is wrong', async (name, options) => {
    await expect(Sidecar.spawn(options as object)).rejects.toMatchObject({
      code: 'invalid_argument',
      field: `options.${name}`,
    });
  });
});

describe('a sidecar that does not become ready', () => {
  it('is killed when the time is up, even if it ignores everything', async () => {
    let pid = 0;
    const spawning = Sidecar.spawn({
      ...script({ ignore: ['endOfStdin', 'SIGTERM'] }, { stderr: 'pid:$PID' }),
      startTimeoutMs: 3_000,
      onStderr: (text) => {
        pid = Number(/pid:(\d+)/.exec(text)?.[1]);
      },
    });
    await expect(spawning).rejects.toMatchObject({ code: 'start_timeout', timeoutMs: 3_000, missing: 'hello' });
    expect(pid).toBeGreaterThan(0);
    expect(isAlive(pid)).toBe(false);
  });

  it('is named by the frame that it did not send', async () => {
    const spawning = Sidecar.spawn({
      ...script({ send: 'hello', body: HELLO }, { expect: 'init' }),
      startTimeoutMs: 4_000,
    });
    await expect(spawning).rejects.toMatchObject({ code: 'start_timeout', missing: 'ready' });
  });

  it('is given up when the signal aborts, with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const spawning = Sidecar.spawn({
      ...script({ stderr: 'up' }),
      signal: controller.signal,
      onStderr: () => controller.abort(reason),
    });
    await expect(spawning).rejects.toBe(reason);
  });

  it('is not even started where the signal is aborted already', async () => {
    const spawning = Sidecar.spawn({
      executable: join(directory, 'missing.js'),
      signal: AbortSignal.abort('too late'),
    });
    await expect(spawning).rejects.toBe('too late');
  });

  it('is refused where it speaks another version of the protocol', async () => {
    const spawning = Sidecar.spawn(script({ send: 'hello', body: { ...HELLO, protocol: { min: 2, max: 5 } } }));
    await expect(spawning).rejects.toMatchObject({ code: 'unsupported_protocol', min: 2, max: 5, supported: 1 });
  });

  it('is refused with the text that came where a frame was due', async () => {
    const spawning = Sidecar.spawn(script({ text: 'Welcome to the wrong program\n' }));
    await expect(spawning).rejects.toMatchObject({
      code: 'sidecar_fault',
      protocolCode: 'frame_too_large',
      message: expect.stringContaining('Welcome to the wrong program'),
    });
  });

  it('is refused where another frame comes before hello', async () => {
    const spawning = Sidecar.spawn(script(heartbeat(0)));
    await expect(spawning).rejects.toMatchObject({ code: 'sidecar_fault', protocolCode: 'unexpected_frame' });
  });

  it('tells what it did not accept', async () => {
    const spawning = Sidecar.spawn(
      script(
        { send: 'hello', body: HELLO },
        { expect: 'init' },
        {
          send: 'protocolError',
          body: { code: 'invalid_config', message: 'queueSize: must be an integer >= 1, got 0' },
        },
        { exit: 78 },
      ),
    );
    await expect(spawning).rejects.toMatchObject({
      code: 'protocol_error',
      protocolCode: 'invalid_config',
      exitCode: 78,
      message: expect.stringContaining('queueSize: must be an integer >= 1, got 0'),
    });
  });

  it('tells how it ended and what it had to say, where it ends instead', async () => {
    const spawning = Sidecar.spawn(script({ stderr: 'no room on the device' }, { exit: 9 }));
    await expect(spawning).rejects.toMatchObject({
      code: 'sidecar_exited',
      exitCode: 9,
      signal: null,
      stderrTail: 'no room on the device',
      accepted: false,
    });
  });
});

const HELLO = {
  magic: 'exec-sidecar',
  protocol: { min: 1, max: 1 },
  version: '0.0.0',
  pid: 1,
  platform: 'any',
  maxFrameBytes: 16_777_215,
};

function warning(limit: string): object {
  return {
    limit,
    category: 'queue',
    observed: 8,
    capacity: 10,
    fillPercent: 80,
    kind: 'near',
    unit: 'items',
    scope: 'sidecar',
    seq: 0,
    at: 0,
    configKey: 'queueSize',
  };
}

function heartbeat(seq: number): { send: 'heartbeat'; body: object } {
  return { send: 'heartbeat', body: { seq, uptimeMs: 1, loopDelayMs: 0, active: 0, queued: 0 } };
}
