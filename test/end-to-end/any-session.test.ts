import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../protocol/index.js';
import { RawHost } from '../support/raw-host.js';
import { disorderIn, tellStories } from './support/task-story.js';

/** Something that a host does, within the protocol. */
type Step =
  | { readonly do: 'submit'; readonly id: number; readonly task: Task }
  | { readonly do: 'cancel' | 'signal' | 'ping' | 'query' | 'window'; readonly id: number }
  | { readonly do: 'stdin'; readonly id: number; readonly bytes: number; readonly end: boolean }
  | { readonly do: 'pause'; readonly ms: number };

type Ending = 'drain' | 'now' | 'closeStdin' | 'SIGTERM' | 'closeStdout' | 'garbage';

const commands: readonly Omit<Task, 'output' | 'stdin'>[] = [
  { command: 'true' },
  { command: 'sh', args: ['-c', 'exit 3'] },
  { command: 'sh', args: ['-c', 'cat; head -c 300000 /dev/zero'] },
  { command: 'sh', args: ['-c', 'setsid sleep 60 & sleep 60'], limits: { timeoutMs: 300 } },
  { command: 'sleep', args: ['0.1'] },
  { command: 'yes', limits: { outputBytes: 400_000, timeoutMs: 500 } },
  { command: 'no-such-command' },
  { command: '' },
  { command: 'cat', priority: 50, cache: true },
];

const id = fc.integer({ min: 1, max: 8 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      id,
      task: fc
        .record({
          command: fc.constantFrom(...commands),
          output: fc.record({
            mode: fc.constantFrom('collect' as const, 'stream' as const, 'discard' as const),
            onOverflow: fc.constantFrom('kill' as const, 'truncate' as const),
          }),
          stdin: fc.constantFrom('given', { stream: true as const }, undefined),
        })
        .map(({ command, output, stdin }): Task => ({ ...command, output, ...(stdin !== undefined && { stdin }) })),
    }),
  },
  fc.record({ do: fc.constantFrom('cancel' as const, 'signal' as const, 'ping' as const, 'query' as const), id }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('window' as const), id }) },
  fc.record({ do: fc.constant('stdin' as const), id, bytes: fc.integer({ min: 0, max: 5_000 }), end: fc.boolean() }),
  fc.record({ do: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 80 }) }),
);
const ending = fc.constantFrom<Ending>('drain', 'now', 'closeStdin', 'SIGTERM', 'closeStdout', 'garbage');

const EXIT_CODES: Readonly<Record<Ending, number>> = {
  drain: 0,
  now: 0,
  closeStdin: 0,
  SIGTERM: 143,
  closeStdout: 0,
  garbage: 65,
};

describe('any session', () => {
  it('answers every task once, in order, ends as it is told to, and leaves nothing', { timeout: 300_000 }, async () => {
    const session = fc.asyncProperty(fc.array(step, { maxLength: 40 }), ending, async (steps, end) => {
      await using host = await RawHost.spawn({
        config: { maxConcurrentTasks: 2, queueSize: 3, outputWindowBytes: 50_000, stdinWindowBytes: 300_000 },
      });
      const submitted = await play(host, steps);
      await finish(host, end);
      expect(await host.exit).toEqual({ code: EXIT_CODES[end], signal: null });
      const { stories, rest } = tellStories(host.frames.filter(({ type }) => !['pong', 'reply'].includes(type)));
      expect(stories.map(disorderIn).filter(Boolean)).toEqual([]);
      expect(stories.length).toBeLessThanOrEqual(submitted);
      if (end === 'closeStdout' || end === 'garbage') return;
      expect({ answered: stories.length, rest }).toEqual({ answered: submitted, rest: [] });
      const cancelled = stories.filter(({ result }) => result.status === 'cancelled').length;
      expect(host.frames.at(-1)).toMatchObject({
        type: 'bye',
        body: { completed: submitted - cancelled, cancelled, leaked: 0 },
      });
    });
    await fc.assert(session, {
      numRuns: Number(process.env.RUNS ?? 12),
      endOnFailure: true,
      ...(process.env.SEED && { seed: Number(process.env.SEED) }),
    });
  });
});

/** Does all that the protocol allows, and gives the number of tasks that were submitted. */
async function play(host: RawHost, steps: readonly Step[]): Promise<number> {
  const inUse = () => new Set(tellStories(host.frames).rest.map((frame) => frame.id));
  const open = new Map<number, { readonly streams: boolean; ended: boolean; before: number }>();
  let submitted = 0;
  let question = 1_000;
  for (const each of steps) {
    if (each.do === 'pause') {
      await new Promise((resolve) => setTimeout(resolve, each.ms));
      continue;
    }
    const task = open.get(each.id);
    const answers = host.frames.filter(({ type, id: of }) => type === 'result' && of === each.id).length;
    const isOpen = task !== undefined && answers === task.before;
    switch (each.do) {
      case 'submit':
        if (isOpen || inUse().has(each.id)) break;
        open.set(each.id, { streams: typeof each.task.stdin === 'object', ended: false, before: answers });
        submitted += 1;
        await host.submit(each.id, each.task);
        break;
      case 'stdin':
        if (task === undefined || !task.streams || task.ended) break;
        task.ended = each.end;
        await host.send('stdin', each.id, { data: new Uint8Array(each.bytes), end: each.end });
        break;
      case 'cancel':
        await host.send('cancel', each.id, {});
        break;
      case 'signal':
        await host.send('signal', each.id, { signal: 'SIGTERM' });
        break;
      case 'window':
        await host.send('window', each.id, { outputBytes: 1_000_000 });
        break;
      case 'ping':
        await host.send('ping', ++question, {});
        break;
      case 'query':
        await host.send('query', ++question, { what: 'tasks' });
        break;
    }
  }
  return submitted;
}

async function finish(host: RawHost, end: Ending): Promise<void> {
  switch (end) {
    case 'drain':
      // What waits for credit or for stdin would be waited for.
      return host.send('shutdown', 0, { mode: 'drain', deadlineMs: 1_500 });
    case 'now':
      return host.send('shutdown', 0, { mode: 'now' });
    case 'closeStdin':
      return host.closeStdin();
    case 'SIGTERM':
      return host.kill('SIGTERM');
    case 'closeStdout':
      host.closeStdout();
      return host.send('ping', 999, {});
    case 'garbage':
      return host.sendBytes(Buffer.from('oops'));
  }
}
