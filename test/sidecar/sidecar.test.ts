import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readySchema } from '../../protocol/index.js';
import { runSidecar, SettingsLayers, type SettingsSources } from '../../src/sidecar/index.js';
import { QueueRegistry } from '../../src/tracking/index.js';
import { createTestLogger, shell } from '../executor/support/executors.js';
import { TestSource } from '../session/support/frames.js';
import { TestSink } from '../session/support/sink.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';

useStrongestSandbox();

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sidecar-test-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A sidecar on streams of the test's own. */
function startSidecar(sources: SettingsSources = {}) {
  const input = new TestSource();
  const sink = new TestSink();
  const termination = new AbortController();
  const registry = new QueueRegistry();
  const logger = Object.assign(createTestLogger(), { level: 'warn' });
  const exitCode = runSidecar({
    input,
    sink,
    settings: new SettingsLayers({ ...sources, environment: { EXEC_SIDECAR_WORKSPACE_ROOT: root } }),
    registry,
    logger,
    termination: termination.signal,
    sweepCommand: [],
  });
  const init = (body: object = {}) => input.send({ type: 'init', id: 0, body: { protocol: 1, ...body } });
  return { input, sink, termination, registry, logger, exitCode, init };
}

describe('the sidecar', () => {
  it('says hello unasked, and ready to a host that says init', async () => {
    const { input, sink, exitCode, init } = startSidecar();
    await expect.poll(() => sink.types).toEqual(['hello']);
    init({ config: { queueSize: 5, maxConcurrentTasks: 2, defaultTimeoutMs: 777, maxFrameBytes: 300_000 } });
    await expect.poll(() => sink.types).toEqual(['hello', 'ready']);
    const [{ body }] = sink.of('ready') as [(typeof sink.frames)[number] & { type: 'ready' }];
    expect(readySchema.safeParse(body).error).toBeUndefined();
    expect(body).toMatchObject({
      protocol: 1,
      maxFrameBytes: 300_000,
      window: { tasks: 7 },
      defaults: { timeoutMs: 777 },
      sandbox: { backend: expect.any(String) },
      enforcement: { timeoutMs: 'timer', outputBytes: 'counter' },
    });
    input.end();
    expect(await exitCode).toBe(0);
  });

  it('runs what it is sent, and leaves neither limits nor folders behind', async () => {
    const { input, sink, exitCode, init, registry } = startSidecar();
    init();
    input.send({ type: 'submit', id: 1, body: shell('echo hello') });
    await expect.poll(() => sink.of('result').length).toBe(1);
    input.send({ type: 'shutdown', id: 0, body: { mode: 'drain' } });
    expect(await exitCode).toBe(0);
    expect(sink.types).toEqual(['hello', 'ready', 'accepted', 'started', 'result', 'bye']);
    expect(registry.snapshot()).toEqual([]);
    expect(readdirSync(root, { recursive: true }).filter((name) => /[0-9a-f]{8}-/.test(String(name)))).toEqual([]);
  });

  it('logs at the level that the host asks for', async () => {
    const { input, sink, exitCode, init, logger } = startSidecar();
    init({ config: { logLevel: 'error' } });
    await expect.poll(() => sink.types).toContain('ready');
    expect(logger.level).toBe('error');
    input.end();
    expect(await exitCode).toBe(0);
  });

  it('beats where the host asked for it', async () => {
    const { input, sink, exitCode, init } = startSidecar();
    init({ heartbeatMs: 20 });
    await expect.poll(() => sink.of('heartbeat').length).toBeGreaterThan(2);
    expect(sink.types.slice(0, 3)).toEqual(['hello', 'ready', 'heartbeat']);
    input.end();
    await exitCode;
  });

  it('tells of monitoring that is switched off: nobody claims to sample', async () => {
    const { input, sink, exitCode, init } = startSidecar();
    init({ config: { enableMonitoring: false } });
    await expect.poll(() => sink.of('ready').length).toBe(1);
    expect(Object.values(sink.of('ready')[0]!.body.enforcement)).not.toContain('sampled');
    input.end();
    await exitCode;
  });

  it('takes no larger frames than the host has asked for', async () => {
    const { input, sink, exitCode, init } = startSidecar();
    init({ config: { maxFrameBytes: 300_000 } });
    await expect.poll(() => sink.of('ready').length).toBe(1);
    input.send({ type: 'ping', id: 1, body: { data: new Uint8Array(300_000) } });
    expect(await exitCode).toBe(65);
    expect(sink.frames.at(-1)).toMatchObject({ type: 'protocolError', body: { code: 'frame_too_large' } });
  });
});

describe('an opening that fails', () => {
  it('for a setting of the host is told with its name, and exit code 78 follows', async () => {
    const { sink, exitCode, init } = startSidecar();
    init({ config: { queueSize: 0 } });
    expect(await exitCode).toBe(78);
    expect(sink.types).toEqual(['hello', 'protocolError']);
    expect(sink.of('protocolError')[0]!.body).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('init.config.queueSize'),
      detail: { setting: 'queueSize' },
    });
  });

  it('for a sandbox that cannot be made is told as well', async () => {
    const { sink, exitCode, init } = startSidecar();
    init({ config: { workspaceRoot: join(root, 'missing') } });
    expect(await exitCode).toBe(78);
    expect(sink.of('protocolError')[0]!.body).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('workspaceRoot'),
    });
  });

  it('for a fault of the host is told, and exit code 65 follows', async () => {
    const { input, sink, exitCode } = startSidecar();
    input.send({ type: 'submit', id: 1, body: shell('true') });
    expect(await exitCode).toBe(65);
    expect(sink.of('protocolError')[0]!.body.code).toBe('unexpected_frame');
  });

  it('for a host that has gone is no fault', async () => {
    const { input, sink, exitCode } = startSidecar();
    input.end();
    expect(await exitCode).toBe(0);
    expect(sink.types).toEqual(['hello']);
  });

  it('for a host that does not read is none either', async () => {
    const { sink, exitCode } = startSidecar();
    sink.vanish();
    expect(await exitCode).toBe(0);
  });

  it('for a signal exits with 143', async () => {
    const { termination, exitCode } = startSidecar();
    termination.abort('SIGTERM');
    expect(await exitCode).toBe(143);
  });

  it('for an error of our own is logged, and exit code 70 follows', async () => {
    const { input, exitCode, logger } = startSidecar();
    input.fail(new Error('EIO'));
    expect(await exitCode).toBe(70);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});
