import { describe, expect, it } from 'vitest';
import type { LimitWarning, Task } from '../../protocol/index.js';
import { type TrackedLimit, trackedLimits } from '../../src/tracking/index.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';

const MIB = 1_048_576;

/** How each limit of the catalogue is brought near its capacity: the settings, and what the host does. */
interface Approach {
  readonly config: Record<string, unknown>;
  readonly openFiles?: number;
  readonly act: (host: RawHost) => Promise<void>;
}

const sleeper: Task = { command: 'sleep', args: ['30'] };

/** For the limits of one task: a program that approaches them. */
function program(task: Task): Approach {
  return { config: {}, act: (host) => host.submit(1, task) };
}

function script(text: string, limits: Task['limits']): Approach {
  return program({ command: 'sh', args: ['-c', text], ...(limits && { limits }) });
}

/** A host that stops reading, with a result of a MiB in the pipe before everything that comes after it. */
async function stopReading(host: RawHost): Promise<void> {
  host.pauseReading();
  await host.submit(1, { command: 'head', args: ['-c', String(MIB), '/dev/zero'] });
}

async function submitMany(host: RawHost, count: number, task: Task): Promise<void> {
  for (let id = 2; id < 2 + count; id += 1) await host.submit(id, task);
}

const approaches: Readonly<Record<TrackedLimit, Approach>> = {
  inboxQueue: {
    config: { queueSize: 4, maxConcurrentTasks: 1, inboxFrames: 5 },
    act: (host) => submitMany(host, 10, sleeper),
  },
  schedulerQueue: {
    config: { queueSize: 5, maxConcurrentTasks: 1 },
    act: (host) => submitMany(host, 6, sleeper),
  },
  activeTasks: { config: { maxConcurrentTasks: 2 }, act: (host) => submitMany(host, 2, sleeper) },
  memoryBudget: {
    config: { memoryBudgetBytes: 100 * MIB },
    act: (host) => host.submit(1, { ...sleeper, limits: { memoryBytes: 90 * MIB } }),
  },
  sidecarOpenFiles: {
    config: { maxConcurrentTasks: 20, sandbox: 'process' },
    openFiles: 80,
    act: (host) => submitMany(host, 20, sleeper),
  },
  outputQueue: {
    config: { outboxFrames: 8, maxConcurrentTasks: 8 },
    act: async (host) => {
      await stopReading(host);
      await submitMany(host, 6, { command: 'yes', output: { mode: 'stream' }, limits: { outputBytes: MIB } });
    },
  },
  resultQueue: {
    config: { outboxResults: 8, queueSize: 4, maxConcurrentTasks: 4 },
    act: async (host) => {
      await stopReading(host);
      await submitMany(host, 30, { command: 'true' });
    },
  },
  controlQueue: {
    config: { queueSize: 1, maxConcurrentTasks: 1 },
    act: async (host) => {
      await stopReading(host);
      await submitMany(host, 40, { command: 'true' });
    },
  },
  timeoutMs: program({ ...sleeper, limits: { timeoutMs: 400 } }),
  cpuTimeMs: script('while :; do :; done', { cpuTimeMs: 1_000 }),
  memoryBytes: program({
    command: process.execPath,
    args: ['-e', 'const hog = []; setInterval(() => hog.push(Buffer.alloc(4 << 20, 1)), 40)'],
    limits: { memoryBytes: 160 * MIB },
  }),
  processes: script('for i in 1 2 3 4 5 6 7; do sleep 30 & done; wait', { processes: 10 }),
  outputBytes: script('head -c 900 /dev/zero; sleep 30', { outputBytes: 1_000 }),
  workspaceBytes: script(`head -c ${900 * 1_024} /dev/zero > file; sleep 30`, { workspaceBytes: MIB }),
  fileSizeBytes: script(`head -c ${900 * 1_024} /dev/zero > file; sleep 30`, { fileSizeBytes: MIB }),
};

describe.concurrent('every limit of the catalogue reaches the host that approaches it', () => {
  it.each(Object.keys(trackedLimits) as TrackedLimit[])('%s', async (limit) => {
    const { act, ...options } = approaches[limit];
    await using host = await RawHost.spawn(options);
    await act(host);
    const warned = () => warningsOf(host).find((warning) => warning.limit === limit && warning.kind === 'near');
    const stalled = new Set<TrackedLimit>(['outputQueue', 'resultQueue', 'controlQueue']);
    if (stalled.has(limit)) await waitFor(() => host.stderr.includes(`"limit":"${limit}"`), `${limit} on stderr`);
    host.resumeReading();
    await waitFor(() => warned() !== undefined, `a warning of ${limit}`);
    const { category, per } = trackedLimits[limit];
    expect(warned()).toMatchObject({ category, kind: 'near', fillPercent: expect.any(Number) });
    expect(warned()!.fillPercent).toBeGreaterThanOrEqual(80);
    expect(warned()!.scope === 'sidecar').toBe(per === 'sidecar');
  });
});

function warningsOf(host: RawHost): LimitWarning[] {
  return host.frames.flatMap((frame) => (frame.type === 'limitWarning' ? [frame.body] : []));
}
