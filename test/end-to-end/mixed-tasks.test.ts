import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Task, TaskResult } from '../../protocol/index.js';
import { readLedger } from '../../src/sandbox/ledger.js';
import { readProcess } from '../../src/sandbox/process-reader.js';
import { isAlive } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { useStrongestSandbox } from '../support/strongest-sandbox.js';
import { waitFor } from '../support/wait-for.js';
import { disorderIn, tellStories } from './support/task-story.js';
import { sh } from './support/tasks.js';

useStrongestSandbox();

/** A kind of task, and how it has to end. */
interface Kind {
  readonly name: string;
  readonly task: Task;
  readonly ends: { readonly status: TaskResult['status']; readonly [field: string]: unknown };
  readonly cancel?: 'atOnce' | 'onceStarted';
}

const refused = (kind: string, named: string) => ({
  status: 'notExecuted' as const,
  exitCode: null,
  error: expect.objectContaining({ kind, message: expect.stringContaining(named) }),
});
const selfKilled = (signal: string): Kind => ({
  name: `killed by its own ${signal}`,
  task: sh(`kill -${signal.slice(3)} $$; sleep 60`),
  ends: { status: 'failure', exitCode: null, signal },
});

const kinds: readonly Kind[] = [
  { name: 'success', task: { command: 'echo', args: ['hi'] }, ends: { status: 'success', stdout: text('hi\n') } },
  { name: 'failure', task: sh('echo no >&2; exit 3'), ends: { status: 'failure', exitCode: 3, stderr: text('no\n') } },
  { name: 'not found', task: { command: 'no-such-command' }, ends: refused('execution', 'no-such-command') },
  { name: 'not executable', task: { command: '/etc/passwd' }, ends: refused('execution', '/etc/passwd') },
  {
    name: 'invalid limit',
    task: { command: 'true', limits: { timeoutMs: -1 } },
    ends: refused('validation', 'limits.timeoutMs'),
  },
  { name: 'invalid command', task: { command: '' }, ends: refused('validation', 'command') },
  { name: 'denied', task: { command: 'mkfs', args: ['/dev/null'] }, ends: refused('security', 'mkfs') },
  {
    name: 'too big',
    task: { command: 'true', limits: { memoryBytes: 2 ** 50 } },
    ends: refused('resource', 'memoryBudgetBytes'),
  },
  {
    name: 'timeout',
    task: sh('sleep 60 & kill -STOP $$', { limits: { timeoutMs: 150 } }),
    ends: { status: 'timeout' },
  },
  {
    name: 'flood',
    task: { command: 'yes', limits: { outputBytes: 5_000 } },
    ends: { status: 'outputLimitExceeded', stdoutBytes: expect.any(Number) },
  },
  {
    name: 'cancelled at once',
    task: { command: 'sleep', args: ['60'] },
    cancel: 'atOnce',
    ends: { status: 'cancelled' },
  },
  {
    name: 'cancelled later',
    task: sh('setsid sleep 60 & sleep 60'),
    cancel: 'onceStarted',
    ends: { status: 'cancelled' },
  },
  {
    name: 'streamed',
    task: sh('echo out; echo err >&2', { output: { mode: 'stream', onOverflow: 'kill' } }),
    ends: { status: 'success', stdoutBytes: 4, stderrBytes: 4 },
  },
  { name: 'with stdin', task: { command: 'cat', stdin: 'given' }, ends: { status: 'success', stdout: text('given') } },
  {
    name: 'with files',
    task: sh('cp in out', { files: [{ path: 'in', data: 'x' }], collect: ['out'] }),
    ends: { status: 'success', files: [{ path: 'out', data: text('x') }] },
  },
  {
    name: 'leaves children',
    task: sh('sleep 60 & (setsid sleep 60 &) ; exit 0'),
    ends: { status: 'success', exitCode: 0 },
  },
  ...['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGHUP'].map(selfKilled),
];

const ROUNDS = 16;
const SLOTS = 40;

describe('320 tasks of every kind', () => {
  it('get exactly one result each, the right one, in order, and leave nothing', { timeout: 120_000 }, async () => {
    await using host = await RawHost.spawn({ config: { maxConcurrentTasks: 8, queueSize: SLOTS - 8 } });
    expect(host.ready.window.tasks).toBe(SLOTS);
    const waiting = Array.from({ length: ROUNDS }, () => kinds).flat();
    expect(waiting).toHaveLength(320);
    const answers: (readonly [Kind, TaskResult])[] = [];

    // Each slot uses the same id again and again, as soon as its result is there.
    const useSlot = async (id: number) => {
      for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift())
        answers.push([kind, await play(host, id, kind)]);
    };
    await Promise.all(Array.from({ length: SLOTS }, (_, index) => useSlot(index + 1)));

    for (const [{ name, ends }, result] of answers) expect({ name, ...result }).toMatchObject({ name, ...ends });
    const { stories, rest } = tellStories(host.frames);
    expect(stories).toHaveLength(320);
    expect(rest).toEqual([]);
    expect(stories.map(disorderIn).filter((disorder) => disorder !== null)).toEqual([]);
    expect(new Set(answers.map(([, { executionId }]) => executionId)).size).toBe(320);

    await expectNothingButTheSidecar(host);
    await host.send('query', 1, { what: 'statistics' });
    const { body } = await host.waitFor({ type: 'reply', id: 1 });
    expect(body).toMatchObject({ completed: 320, byStatus: countByStatus(answers) });
    await host.send('shutdown', 0, { mode: 'drain' });
    const cancelled = 2 * ROUNDS;
    expect((await host.waitFor({ type: 'bye' })).body).toMatchObject({
      completed: 320 - cancelled,
      cancelled,
      leaked: 0,
    });
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(host.stderr).not.toContain('"level":50');
  });
});

async function play(host: RawHost, id: number, { task, cancel }: Kind): Promise<TaskResult> {
  const before = host.frames.length;
  const isNew = (type: string) => {
    const seen = new Set(host.frames.slice(0, before));
    return (frame: (typeof host.frames)[number]) => frame.type === type && frame.id === id && !seen.has(frame);
  };
  await host.submit(id, task);
  if (cancel === 'onceStarted') await host.waitFor(isNew('started'));
  if (cancel !== undefined) await host.send('cancel', id, { reason: 'seen enough' });
  const frame = await host.waitFor(isNew('result'), 60_000);
  if (frame.type !== 'result') throw new Error('unreachable: a result was waited for');
  return frame.body;
}

/** Every result promises that its processes are dead and its workspace is gone. */
async function expectNothingButTheSidecar(host: RawHost): Promise<void> {
  const [instance] = await host.traces.folders();
  const folder = join(host.traces.root, `exec-sidecar-${process.getuid?.()}`, instance!);
  expect(await readdir(join(folder, 'workspaces'))).toEqual([]);
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  const started = host.frames.flatMap((frame) => (frame.type === 'started' ? [frame.body.pid!] : []));
  expect(started.filter(isAlive)).toEqual([]);
  const own = async () => {
    const pids = await host.traces.processes();
    const { running } = readLedger(join(folder, 'ledger.jsonl'));
    const prepared = running.filter(({ executionId }) => executionId.startsWith('warm-')).map(({ pid }) => pid);
    return pids.filter((pid) => !prepared.includes(pid) && !prepared.includes(parentOf(pid))).length;
  };
  // Its guardian, its fork server and, in the sandbox of which others are copied, a zygote.
  const helpers = host.ready.sandbox.backend === 'bubblewrap' ? 3 : 2;
  await waitFor(async () => (await own()) === 1 + helpers, 'nothing but the sidecar and its helpers');
}

/** 0 where it is gone. */
function parentOf(pid: number): number {
  return readProcess(pid)?.ppid ?? 0;
}

function countByStatus(answers: readonly (readonly [Kind, TaskResult])[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [{ ends }] of answers) counts[ends.status] = (counts[ends.status] ?? 0) + 1;
  return counts;
}

function text(content: string): Uint8Array {
  return new Uint8Array(Buffer.from(content));
}
