import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LimitEvidence, Task, TaskLimits, TaskResult } from '../../protocol/index.js';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { without } from '../support/requirements.js';
import { outputBytes } from './support/streams.js';

const sh = (script: string, limits: TaskLimits, more: Partial<Task> = {}): Task => ({
  command: 'sh',
  args: ['-c', script],
  limits,
  ...more,
});

/** A command that grows past a limit, and how that has to end. */
interface Breach {
  readonly limit: keyof TaskLimits;
  readonly what: string;
  readonly task: Task;
  readonly status: TaskResult['status'];
  readonly by: Pick<LimitEvidence, 'enforcedBy' | 'confidence'>;
  readonly kind?: 'timeout';
}

const timer = { enforcedBy: 'timer', confidence: 'measured' } as const;
const sampled = { enforcedBy: 'sampled', confidence: 'sampled' } as const;
const counter = { enforcedBy: 'counter', confidence: 'measured' } as const;

/** Two megabytes more every hundredth of a second, touched so that they are really there. */
const growing = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(2_000_000, 1)), 10)';

const breaches: readonly Breach[] = [
  {
    limit: 'timeoutMs',
    what: 'sleeping',
    task: sh('sleep 60 & setsid sleep 60 & sleep 60', { timeoutMs: 400 }),
    status: 'timeout',
    by: timer,
    kind: 'timeout',
  },
  {
    limit: 'cpuTimeMs',
    what: 'a busy loop',
    task: sh('while :; do :; done', { cpuTimeMs: 500 }),
    status: 'cpuLimitExceeded',
    by: sampled,
  },
  {
    limit: 'cpuTimeMs',
    what: 'many short children',
    task: sh('while :; do (i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done); done', { cpuTimeMs: 500 }),
    status: 'cpuLimitExceeded',
    by: sampled,
  },
  {
    limit: 'memoryBytes',
    what: 'steady growth',
    task: { command: process.execPath, args: ['-e', growing], limits: { memoryBytes: 150_000_000 } },
    status: 'memoryLimitExceeded',
    by: sampled,
  },
  {
    limit: 'processes',
    what: 'more and more children',
    task: sh('while :; do sleep 60 & sleep 0.02; done', { processes: 10 }),
    status: 'processLimitExceeded',
    by: sampled,
  },
  {
    limit: 'workspaceBytes',
    what: 'more and more files',
    task: sh('i=0; while :; do head -c 100000 /dev/zero > $i; i=$((i + 1)); sleep 0.02; done', {
      workspaceBytes: 3_000_000,
    }),
    status: 'resourceLimitExceeded',
    by: sampled,
  },
  {
    limit: 'outputBytes',
    what: 'a flood',
    task: sh('yes', { outputBytes: 100_000 }),
    status: 'outputLimitExceeded',
    by: counter,
  },
];

describe('a limit that is exceeded', () => {
  let host: RawHost;
  beforeAll(async () => {
    host = await RawHost.spawn({ config: { maxConcurrentTasks: 3 } });
  });
  afterAll(() => host[Symbol.asyncDispose]());

  it.concurrent.each(breaches)('$limit, by $what, ends the whole task, after its warnings', async (breach) => {
    const id = breaches.indexOf(breach) + 1;
    await host.submit(id, breach.task);
    const { pid } = (await host.waitFor({ type: 'started', id }, 60_000)).body;
    const result = await host.resultOf(id, 60_000);
    const capacity = breach.task.limits![breach.limit]!;

    expect(result.status).toBe(breach.status);
    expect(result.limitsExceeded[0]).toEqual({
      limit: breach.limit,
      capacity,
      observed: expect.any(Number),
      ...breach.by,
    });
    expect(result.limitsExceeded[0]!.observed).toBeGreaterThanOrEqual(capacity);
    expect(result.error).toMatchObject({
      kind: breach.kind ?? 'resource',
      message: expect.stringContaining(`limits.${breach.limit} of ${capacity}`),
    });
    expect(warningsOf(host, id, breach.limit)).toMatchObject([
      { kind: 'near', capacity, configKey: `limits.${breach.limit}`, scope: result.executionId },
      { kind: 'exhausted', capacity, configKey: `limits.${breach.limit}`, scope: result.executionId },
    ]);
    // Long before anything else could have ended it.
    expect(result.timing.runMs).toBeLessThan(15_000);
    expect(isAlive(pid!)).toBe(false);
  });
});

describe.concurrent('limits that are enforced for each process', () => {
  it('fileSizeBytes ends a command that writes a larger file', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, {
      command: 'dd',
      args: ['if=/dev/zero', 'of=large', 'bs=1000', 'count=1000'],
      limits: { fileSizeBytes: 102_400 },
      collect: ['large'],
    });
    const result = await host.resultOf(1);
    expect(result).toMatchObject({ status: 'resourceLimitExceeded', signal: 'SIGXFSZ' });
    expect(result.limitsExceeded).toEqual([
      { limit: 'fileSizeBytes', capacity: 102_400, observed: null, enforcedBy: 'rlimit', confidence: 'inferred' },
    ]);
    expect(result.files[0]?.data.byteLength).toBe(102_400);
    expect(warningsOf(host, 1, 'fileSizeBytes').map(({ kind }) => kind)).toEqual(['near', 'exhausted']);
  });

  it.skipIf(without('perl'))('openFiles is seen by the command itself', async () => {
    await using host = await RawHost.spawn();
    const opening = 'while (open(my $file, "<", "/dev/null")) { push @files, $file } print "$! ", scalar @files';
    await host.submit(1, { command: 'perl', args: ['-e', opening], limits: { openFiles: 20 } });
    const { status, stdout } = await host.resultOf(1);
    expect(status).toBe('success');
    expect(Buffer.from(stdout).toString()).toMatch(/^Too many open files 1[67]$/);
  });

  it('cpuTimeMs is held by the kernel where nothing is sampled', async () => {
    await using host = await RawHost.spawn({ config: { enableMonitoring: false } });
    await host.submit(1, sh('while :; do :; done', { cpuTimeMs: 1 }));
    const result = await host.resultOf(1, 60_000);
    expect(result).toMatchObject({ status: 'cpuLimitExceeded', signal: 'SIGXCPU' });
    expect(result.limitsExceeded).toMatchObject([{ limit: 'cpuTimeMs', enforcedBy: 'rlimit', confidence: 'inferred' }]);
    expect(host.ready.enforcement).toMatchObject({ cpuTimeMs: 'rlimit', memoryBytes: 'unavailable' });
  });
});

describe('outputBytes', () => {
  const LIMIT = 10_000;
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
    await host.submit(id, sh(printing, { outputBytes: LIMIT }, { output: { mode, onOverflow: 'kill' } }));
    const result = await host.resultOf(id);
    expect(result).toMatchObject({ status: 'outputLimitExceeded', truncated: { stdout: true, stderr: false } });
    expect(result.stdoutBytes).toBeGreaterThan(LIMIT);
    expect(result.stdout.byteLength).toBe(mode === 'collect' ? LIMIT : 0);
    expect(outputBytes(host, id)).toBe(mode === 'stream' ? LIMIT : 0);
    expect(result.limitsExceeded).toMatchObject([{ limit: 'outputBytes', capacity: LIMIT, ...counter }]);
    expect(warningsOf(host, id, 'outputBytes').map(({ kind }) => kind)).toEqual(['near', 'exhausted']);
  });

  it.each(modes)('with mode %s and truncate lets the task go on, and says what was cut', async (mode) => {
    const id = 11 + modes.indexOf(mode);
    await host.submit(id, sh(printing, { outputBytes: LIMIT }, { output: { mode, onOverflow: 'truncate' } }));
    const result = await host.resultOf(id);
    expect(result).toMatchObject({ status: 'success', exitCode: 0, stdoutBytes: TOTAL, truncated: { stdout: true } });
    expect(result.error).toBeUndefined();
    expect(result.stdout.byteLength).toBe(mode === 'collect' ? LIMIT : 0);
    expect(outputBytes(host, id)).toBe(mode === 'stream' ? LIMIT : 0);
    expect(result.limitsExceeded).toMatchObject([{ limit: 'outputBytes', capacity: LIMIT, ...counter }]);
    expect(warningsOf(host, id, 'outputBytes').map(({ kind }) => kind)).toEqual(['near', 'exhausted']);
  });

  it('counts both streams together, and collects the head and the tail of each', async () => {
    const script =
      'printf HEAD; head -c 5000 /dev/zero; printf TAIL; (printf head; head -c 5000 /dev/zero; printf tail) >&2';
    await host.submit(21, sh(script, { outputBytes: 100 }, { output: { mode: 'collect', onOverflow: 'truncate' } }));
    const { status, stdout, stderr, truncated } = await host.resultOf(21);
    expect({ status, truncated }).toEqual({ status: 'success', truncated: { stdout: true, stderr: true } });
    expect(stdout.byteLength + stderr.byteLength).toBeLessThanOrEqual(100);
    expect(Buffer.from(stdout).toString()).toMatch(/^HEAD\0+TAIL$/);
    expect(Buffer.from(stderr).toString()).toMatch(/^head\0+tail$/);
  });

  it('that is reached to the byte is not exceeded', async () => {
    await host.submit(22, sh('head -c 10000 /dev/zero', { outputBytes: LIMIT }));
    expect(await host.resultOf(22)).toMatchObject({ status: 'success', stdoutBytes: LIMIT, limitsExceeded: [] });
    expect(warningsOf(host, 22, 'outputBytes').map(({ kind }) => kind)).toEqual(['near']);
  });
});

describe('the first cause', () => {
  it('decides, where a timeout and a cancel come at once', async () => {
    await using host = await RawHost.spawn();
    const ids = Array.from({ length: 10 }, (_, index) => index + 1);
    const results = await Promise.all(
      ids.map(async (id) => {
        await host.submit(id, { command: 'sleep', args: ['60'], limits: { timeoutMs: 200 } });
        const { at } = await host.waitFor({ type: 'started', id });
        await new Promise((resolve) => setTimeout(resolve, 195 + id - (performance.now() - at)));
        await host.send('cancel', id, { reason: 'enough' });
        return host.resultOf(id);
      }),
    );
    for (const { status, limitsExceeded, error } of results) {
      const isTimeout = status === 'timeout';
      expect(['timeout', 'cancelled']).toContain(status);
      expect(limitsExceeded.map(({ limit }) => limit)).toEqual(isTimeout ? ['timeoutMs'] : []);
      expect(error?.message).toContain(isTimeout ? 'limits.timeoutMs' : 'enough');
    }
    const answered = host.frames.filter(({ type }) => type === 'result').map(({ id }) => id);
    expect(answered.toSorted((a, b) => a - b)).toEqual(ids);
  });
});

describe.concurrent('a task', () => {
  it('within its limits gets no warning and leaves no evidence', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, sh('echo hi; sleep 0.5; exit 0', {}));
    expect(await host.resultOf(1)).toMatchObject({ status: 'success', limitsExceeded: [] });
    expect(host.frames.filter(({ type, id }) => type === 'limitWarning' && id === 1)).toEqual([]);
  });

  it('is told what it used, about as often as it asked', async () => {
    await using host = await RawHost.spawn();
    await host.submit(1, { ...sh('sleep 0.7 & while :; do :; done', { timeoutMs: 1_500 }), usageEventsMs: 100 });
    const result = await host.resultOf(1);
    const events = host.frames.flatMap((frame) => (frame.type === 'usage' ? [frame.body] : []));
    expect(events.length).toBeGreaterThanOrEqual(3);
    expect(events.length).toBeLessThanOrEqual(16);
    const cpu = events.map(({ cpuMs }) => cpuMs ?? 0);
    expect(cpu).toEqual(cpu.toSorted((a, b) => a - b));
    expect(result.usage.cpuMs).toBeGreaterThanOrEqual(cpu.at(-1)!);
    expect(result.usage).toMatchObject({ processPeak: 2, memoryPeakBytes: expect.any(Number) });
    expect(result.usage.wallMs).toBeGreaterThanOrEqual(1_500);
  });

  it('may not ask for more than the ceiling, nor for what only the kernel could hold', async () => {
    await using host = await RawHost.spawn({ config: { limitCeilings: { timeoutMs: 5_000, processes: 10 } } });
    await host.submit(1, { command: 'true', limits: { timeoutMs: 5_001 } });
    await host.submit(2, { command: 'true', require: 'kernel' });
    await host.submit(3, { command: 'true' });
    expect((await host.resultOf(1)).error).toMatchObject({
      kind: 'validation',
      message: expect.stringContaining('limits.timeoutMs: 5001 is above the ceiling of 5000'),
    });
    const soft = Object.entries(host.ready.enforcement).filter(([, mechanism]) => mechanism === 'sampled');
    const { error } = await host.resultOf(2);
    if (soft.length > 0) expect(error?.kind).toBe('sandbox');
    for (const [limit] of soft) expect(error?.message).toContain(limit);
    expect((await host.resultOf(3)).limits).toMatchObject({ timeoutMs: 5_000, processes: 10, openFiles: 1_024 });
  });
});

/** The warnings about one limit of one task, all of which came before its result. */
function warningsOf(host: RawHost, id: number, limit: string) {
  const end = host.frames.findIndex((frame) => frame.type === 'result' && frame.id === id);
  return host.frames
    .slice(0, end)
    .flatMap((frame) => (frame.type === 'limitWarning' && frame.id === id ? [frame.body] : []))
    .filter((warning) => warning.limit === limit);
}
