import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawHost } from '../support/raw-host.js';
import { outputBytes } from './support/streams.js';
import { sh } from './support/tasks.js';
import { warningsOf } from './support/warnings.js';

describe('outputBytes', () => {
  const LIMIT = 10_000;
  const evidence = { limit: 'outputBytes', capacity: LIMIT, enforcedBy: 'counter', confidence: 'measured' };
  const TOTAL = 50_000;
  const printing = `head -c ${TOTAL} /dev/zero | tr '\\0' x; sleep 0.1`;
  let host: RawHost;
  beforeAll(async () => {
    host = await RawHost.spawn();
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const modes = ['collect', 'stream', 'discard'] as const;
  it.each(modes)('with mode %s and kill ends the task at the limit', async (mode) => {
    const id = 1 + modes.indexOf(mode);
    await host.submit(id, sh(printing, { limits: { outputBytes: LIMIT }, output: { mode, onOverflow: 'kill' } }));
    const result = await host.resultOf(id);
    expect(result).toMatchObject({ status: 'outputLimitExceeded', truncated: { stdout: true, stderr: false } });
    expect(result.stdoutBytes).toBeGreaterThan(LIMIT);
    expect(result.stdout.byteLength).toBe(mode === 'collect' ? LIMIT : 0);
    expect(outputBytes(host, id)).toBe(mode === 'stream' ? LIMIT : 0);
    expect(result.limitsExceeded).toMatchObject([evidence]);
    expect(warningsOf(host, id, 'outputBytes').map(({ kind }) => kind)).toEqual(['near', 'exhausted']);
  });

  it.each(modes)('with mode %s and truncate lets the task go on, and says what was cut', async (mode) => {
    const id = 11 + modes.indexOf(mode);
    await host.submit(id, sh(printing, { limits: { outputBytes: LIMIT }, output: { mode, onOverflow: 'truncate' } }));
    const result = await host.resultOf(id);
    expect(result).toMatchObject({ status: 'success', exitCode: 0, stdoutBytes: TOTAL, truncated: { stdout: true } });
    expect(result.error).toBeUndefined();
    expect(result.stdout.byteLength).toBe(mode === 'collect' ? LIMIT : 0);
    expect(outputBytes(host, id)).toBe(mode === 'stream' ? LIMIT : 0);
    expect(result.limitsExceeded).toMatchObject([evidence]);
    expect(warningsOf(host, id, 'outputBytes').map(({ kind }) => kind)).toEqual(['near', 'exhausted']);
  });

  it('counts both streams together, and collects the head and the tail of each', async () => {
    const script =
      'printf HEAD; head -c 5000 /dev/zero; printf TAIL; (printf head; head -c 5000 /dev/zero; printf tail) >&2';
    await host.submit(
      21,
      sh(script, { limits: { outputBytes: 100 }, output: { mode: 'collect', onOverflow: 'truncate' } }),
    );
    const { status, stdout, stderr, truncated } = await host.resultOf(21);
    expect({ status, truncated }).toEqual({ status: 'success', truncated: { stdout: true, stderr: true } });
    expect(stdout.byteLength + stderr.byteLength).toBeLessThanOrEqual(100);
    expect(Buffer.from(stdout).toString()).toMatch(/^HEAD\0+TAIL$/);
    expect(Buffer.from(stderr).toString()).toMatch(/^head\0+tail$/);
  });

  it('that is reached to the byte is not exceeded', async () => {
    await host.submit(22, sh('head -c 10000 /dev/zero', { limits: { outputBytes: LIMIT } }));
    expect(await host.resultOf(22)).toMatchObject({ status: 'success', stdoutBytes: LIMIT, limitsExceeded: [] });
    expect(warningsOf(host, 22, 'outputBytes').map(({ kind }) => kind)).toEqual(['near']);
  });
});
