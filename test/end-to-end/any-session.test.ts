import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../support/raw-host.js';
import { hostSteps, takeSteps } from './support/host-steps.js';
import { disorderIn, tellStories } from './support/task-story.js';

/** How a session may end: what the host does, the exit code, and whether every task is answered before. */
interface Ending {
  readonly name: string;
  readonly act: (host: RawHost) => unknown;
  readonly exitCode: number;
  readonly answersAll: boolean;
}

const endings: readonly Ending[] = [
  {
    name: 'drain',
    // Without a deadline, what waits for credit or for stdin would be waited for.
    act: (host) => host.send('shutdown', 0, { mode: 'drain', deadlineMs: 1_500 }),
    exitCode: 0,
    answersAll: true,
  },
  { name: 'now', act: (host) => host.send('shutdown', 0, { mode: 'now' }), exitCode: 0, answersAll: true },
  { name: 'end of stdin', act: (host) => host.closeStdin(), exitCode: 0, answersAll: true },
  {
    name: 'SIGTERM',
    // A signal overtakes what is still in the pipe: the pong says that everything has been read.
    act: async (host) => {
      await host.send('ping', 998, {});
      await host.waitFor({ type: 'pong', id: 998 });
      host.kill('SIGTERM');
    },
    exitCode: 143,
    answersAll: true,
  },
  { name: 'garbage', act: (host) => host.sendBytes(Buffer.from('oops')), exitCode: 65, answersAll: false },
  {
    name: 'end of stdout',
    act: (host) => {
      host.closeStdout();
      return host.send('ping', 999, {});
    },
    exitCode: 0,
    answersAll: false,
  },
];

describe('any session', () => {
  it('answers every task once, in order, ends as it is told to, and leaves nothing', { timeout: 120_000 }, async () => {
    const session = fc.asyncProperty(hostSteps, fc.constantFrom(...endings), async (steps, ending) => {
      await using host = await RawHost.spawn({
        config: { maxConcurrentTasks: 2, queueSize: 3, outputWindowBytes: 50_000, stdinWindowBytes: 300_000 },
      });
      const submitted = await takeSteps(host, steps);
      await ending.act(host);
      expect(await host.exit).toEqual({ code: ending.exitCode, signal: null });

      const taskFrames = host.frames.filter(({ type }) => type !== 'pong' && type !== 'reply');
      const { stories, rest } = tellStories(taskFrames);
      expect(stories.map(disorderIn).filter(Boolean)).toEqual([]);
      if (!ending.answersAll) return;
      expect({ answered: stories.length, rest }).toEqual({ answered: submitted, rest: [] });
      const cancelled = stories.filter(({ result }) => result.status === 'cancelled').length;
      expect(host.frames.at(-1)).toMatchObject({
        type: 'bye',
        body: { completed: submitted - cancelled, cancelled, leaked: 0 },
      });
    });
    await fc.assert(session, { numRuns: 8, endOnFailure: true, seed: 1_954_328_151 });
  });
});
