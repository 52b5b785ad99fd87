import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ready, Task, TaskLimits, TaskResult } from '../../protocol/index.js';
import { withoutBubblewrap } from '../sandbox/bubblewrap/support.js';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { without } from '../support/requirements.js';
import { sh } from './support/tasks.js';
import { warningsOf } from './support/warnings.js';

/** A command that grows past a limit, and how that has to end. */
interface Breach {
  readonly limit: keyof TaskLimits;
  readonly what: string;
  readonly task: Task;
  readonly status: TaskResult['status'];
  readonly kind?: 'timeout';
}

/** Two megabytes more every hundredth of a second, touched so that they are really there. */
const growing = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(2_000_000, 1)), 10)';

const breaches: readonly Breach[] = [
  {
    limit: 'timeoutMs',
    what: 'sleeping',
    task: sh('sleep 60 & setsid sleep 60 & sleep 60', { limits: { timeoutMs: 400 } }),
    status: 'timeout',
    kind: 'timeout',
  },
  {
    limit: 'cpuTimeMs',
    what: 'a busy loop',
    task: sh('while :; do :; done', { limits: { cpuTimeMs: 500 } }),
    status: 'cpuLimitExceeded',
  },
  {
    limit: 'cpuTimeMs',
    what: 'many short children',
    task: sh('while :; do (i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done); done', { limits: { cpuTimeMs: 500 } }),
    status: 'cpuLimitExceeded',
  },
  {
    limit: 'memoryBytes',
    what: 'steady growth',
    task: { command: process.execPath, args: ['-e', growing], limits: { memoryBytes: 150_000_000 } },
    status: 'memoryLimitExceeded',
  },
  {
    limit: 'processes',
    what: 'more and more children',
    task: sh('while :; do sleep 60 & sleep 0.02; done', { limits: { processes: 10 } }),
    status: 'processLimitExceeded',
  },
  {
    limit: 'workspaceBytes',
    what: 'more and more files',
    task: sh('i=0; while :; do head -c 100000 /dev/zero > $i; i=$((i + 1)); sleep 0.02; done', {
      limits: { workspaceBytes: 3_000_000 },
    }),
    status: 'resourceLimitExceeded',
  },
  {
    limit: 'outputBytes',
    what: 'a flood',
    task: sh('yes', { limits: { outputBytes: 100_000 } }),
    status: 'outputLimitExceeded',
  },
];

const backends = ['process', ...(withoutBubblewrap ? [] : ['bubblewrap'])];

describe.each(backends)('a limit that is exceeded under the %s backend', (sandbox) => {
  let host: RawHost;
  beforeAll(async () => {
    host = await RawHost.spawn({ config: { maxConcurrentTasks: 3, sandbox } });
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

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
      ...enforcement(host.ready, breach.limit),
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

/** What a verdict has to say of who found the breach. */
function enforcement({ enforcement }: Ready, limit: keyof TaskLimits) {
  const enforcedBy = enforcement[limit];
  return { enforcedBy, confidence: enforcedBy === 'sampled' ? 'sampled' : 'measured' };
}

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
    await host.submit(1, sh('while :; do :; done', { limits: { cpuTimeMs: 1 } }));
    const result = await host.resultOf(1, 60_000);
    expect(result).toMatchObject({ status: 'cpuLimitExceeded', signal: 'SIGXCPU' });
    expect(result.limitsExceeded).toMatchObject([{ limit: 'cpuTimeMs', enforcedBy: 'rlimit', confidence: 'inferred' }]);
    expect(host.ready.enforcement.cpuTimeMs).toBe('rlimit');
    expect(Object.values(host.ready.enforcement)).not.toContain('sampled');
  });
});
