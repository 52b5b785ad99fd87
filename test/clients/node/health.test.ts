import { describe, expect, it } from 'vitest';
import { type HealthFigures, healthLimits, healthState } from '../../../clients/node/health.js';
import { HealthMonitor } from '../../../clients/node/health-monitor.js';
import { type HealthReport, type HealthState, Sidecar } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import type { Step } from '../../support/fake-sidecar/index.js';
import { isAlive } from '../../support/processes.js';
import { waitFor } from '../../support/wait-for.js';

const script = useFakeSidecar();

const STEADY: Step = { heartbeats: { everyMs: 50, count: 1e6 } };

describe('the state of a sidecar', () => {
  const limits = healthLimits({ heartbeatMs: 1_000, busyAfterMs: 500, stuckAfterMs: 10_000 });
  const figures: HealthFigures = { sinceHeartbeatMs: 0, silentMs: 0, hostBlockedMs: 0, heartbeat: undefined };
  const heartbeat = { seq: 1, uptimeMs: 1, loopDelayMs: 0, active: 0, queued: 0 };

  it.each<[HealthState, Partial<HealthFigures>]>([
    ['healthy', {}],
    ['healthy', { sinceHeartbeatMs: 1_499, silentMs: 1_499 }],
    ['healthy', { heartbeat: { ...heartbeat, loopDelayMs: 499 } }],
    ['busy', { heartbeat: { ...heartbeat, loopDelayMs: 500 } }],
    ['busy', { sinceHeartbeatMs: 1_500, silentMs: 1_500 }],
    ['busy', { sinceHeartbeatMs: 9_999, silentMs: 9_999 }],
    ['stuck', { sinceHeartbeatMs: 10_000, silentMs: 10_000 }],
    ['hostNotReading', { sinceHeartbeatMs: 60_000, silentMs: 100, hostBlockedMs: 59_900 }],
    ['busy', { sinceHeartbeatMs: 60_000, silentMs: 2_000, hostBlockedMs: 58_000 }],
  ])('is %s for %o', (state, known) => {
    expect(healthState({ ...figures, ...known }, limits)).toBe(state);
  });

  it.each([
    ['heartbeatMs', { heartbeatMs: -1 }],
    ['busyAfterMs', { busyAfterMs: 0 }],
    ['stuckAfterMs', { heartbeatMs: 50, stuckAfterMs: 50 }],
    ['killStuckAfterMs', { stuckAfterMs: 5_000, killStuckAfterMs: 4_999 }],
    ['onHealthChange', { onHealthChange: 1 }],
  ])('is not judged with a wrong %s', async (name, options) => {
    await expect(Sidecar.spawn(options as object)).rejects.toMatchObject({
      code: 'invalid_argument',
      field: `options.${name}`,
    });
  });
});

describe('the health of a sidecar', () => {
  it('is busy while its heartbeats tell of an event loop that is blocked', async () => {
    const { changes, options } = watch({ heartbeatMs: 50 });
    const slow: Step = { heartbeats: { everyMs: 50, count: 1e6, loopDelayMs: 2_000 } };
    await using sidecar = await Sidecar.spawn({ ...script({ open: {} }, slow, { serve: {} }), ...options });
    await waitFor(() => changes.length > 0, 'a change');
    expect(changes[0]).toMatchObject({ state: 'busy', heartbeat: { loopDelayMs: 2_000, active: 1, queued: 2 } });
    expect(sidecar.healthReport).toMatchObject({ state: 'busy' });
  });

  it('is busy while a heartbeat is late, then stuck, and nobody harms it who was not asked to', async () => {
    const { changes, options } = watch({
      heartbeatMs: 50,
      busyAfterMs: 200,
      stuckAfterMs: 1_500,
      killStuckAfterMs: 0,
    });
    const stops: Step = { heartbeats: { everyMs: 50, count: 3 } };
    await using sidecar = await Sidecar.spawn({ ...script({ open: {} }, stops, { serve: {} }), ...options });
    await waitFor(() => changes.at(-1)?.state === 'stuck', 'a stuck sidecar');
    expect(changes.slice(-2).map(({ state }) => state)).toEqual(['busy', 'stuck']);
    expect(changes.at(-1)!.silentMs).toBeGreaterThanOrEqual(1_500);
    expect(await sidecar.run('echo', ['alive'])).toMatchObject({ stdout: 'alive' });
  });

  it('says that the host did not read where the event loop of the host was blocked, and never blames the sidecar', async () => {
    const { changes, options } = watch({
      heartbeatMs: 50,
      busyAfterMs: 1_000,
      stuckAfterMs: 1_500,
      killStuckAfterMs: 1_500,
    });
    await using sidecar = await Sidecar.spawn({ ...script({ open: {} }, STEADY, { serve: {} }), ...options });
    await sidecar.ping();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    await waitFor(() => changes.at(-1)?.state === 'healthy', 'a healthy sidecar');
    expect(changes.map(({ state }) => state)).toEqual(['hostNotReading', 'healthy']);
    expect(changes[0]!.hostBlockedMs).toBeGreaterThan(1_500);
    expect(changes[0]!.silentMs).toBeLessThan(1_000);
    expect(isAlive(sidecar.pid)).toBe(true);
  });

  it('says that the host did not read where its reader is behind', async () => {
    const states: HealthState[] = [];
    using monitor = new HealthMonitor({
      limits: healthLimits({ heartbeatMs: 20, busyAfterMs: 50, stuckAfterMs: 200, killStuckAfterMs: 200 }),
      isBehind: () => true,
      onChange: ({ state }) => states.push(state),
      onHopeless: () => states.push('stuck'),
    });
    await waitFor(() => monitor.report.sinceHeartbeatMs > 500, 'time to pass');
    expect(states).toEqual(['hostNotReading']);
  });

  it('is unknown where no heartbeat is asked for', async () => {
    const stderr: string[] = [];
    await using sidecar = await Sidecar.spawn({
      ...script({ report: true }, { open: {} }, { serve: {} }),
      heartbeatMs: 0,
      onStderr: (text) => stderr.push(text),
    });
    expect(sidecar.healthReport).toBeUndefined();
    await waitFor(() => stderr.join('').includes('\n'), 'init');
    expect(JSON.parse(stderr.join('').split('\n')[0]!)).toEqual({ type: 'init', id: 0, body: { protocol: 1 } });
  });

  it('that is hopeless ends the sidecar, and restart puts a new one in its place', async () => {
    const { changes, options } = watch({ heartbeatMs: 50, stuckAfterMs: 1_500, killStuckAfterMs: 1_500 });
    const pids: number[] = [];
    await using sidecar = await Sidecar.spawn({
      ...script({ open: {} }, STEADY, { serve: { taskMs: 60_000 } }),
      ...options,
      restart: { initialDelayMs: 1 },
      onRestart: ({ pid }) => pids.push(pid),
    });
    const { pid } = sidecar;
    const task = sidecar.submit({ command: 'sleep' });
    await task.accepted;
    process.kill(pid, 'SIGSTOP');
    await expect(task.result).rejects.toMatchObject({
      code: 'sidecar_stuck',
      signal: 'SIGKILL',
      accepted: true,
      message: expect.stringMatching(/no heartbeat for \d+ ms; option killStuckAfterMs is 1500/),
    });
    await waitFor(() => pids.length === 1, 'a new sidecar');
    await sidecar.ping();
    expect(changes.map(({ state }) => state)).toContain('stuck');
    expect(sidecar.healthReport?.state).toBe('healthy');
    expect(isAlive(pid)).toBe(false);
  });
});

describe('the sidecar of this package', () => {
  it('is stuck while it is stopped, and healthy again when it goes on', async () => {
    const { changes, options } = watch({ heartbeatMs: 100, stuckAfterMs: 1_500 });
    await using sidecar = await Sidecar.spawn(options);
    await sidecar.ping();
    process.kill(sidecar.pid, 'SIGSTOP');
    const asked = sidecar.ping();
    await waitFor(() => sidecar.healthReport?.state === 'stuck', 'a stuck sidecar');
    process.kill(sidecar.pid, 'SIGCONT');
    await waitFor(() => sidecar.healthReport?.state === 'healthy', 'a healthy sidecar');
    expect(await asked).toBeGreaterThan(1_000);
    expect(changes.map(({ state }) => state)).toEqual(expect.arrayContaining(['stuck', 'healthy']));
  });
});

function watch(limits: Parameters<typeof healthLimits>[0]) {
  const changes: HealthReport[] = [];
  return { changes, options: { ...limits, onHealthChange: (report: HealthReport) => changes.push(report) } };
}
