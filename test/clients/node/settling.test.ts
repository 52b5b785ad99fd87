import { describe, expect, it } from 'vitest';
import { Sidecar, SidecarError } from '../../../clients/node/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import type { Step } from '../../support/fake-sidecar/index.js';
import { CRASHES, FAILED_STARTS, SILENCES } from '../../support/fake-sidecar/misbehaviours.js';
import { isAlive } from '../../support/processes.js';
import { everyWaiter, OPEN, outcomesOf, RECEIVE_ALL } from './support/waiters.js';

const script = useFakeSidecar();

/** What no machine needs to settle anything, in ms. */
const DEADLINE_MS = 20_000;
const QUICK = { bye: 100, endOfStdin: 1_500, SIGTERM: 1_000 };
const LAST_WORDS = { stderr: 'these were my last words' } satisfies Step;

/** What close answers, what waits to be sent (it is cancelled), and what the sidecar has answered before it fell silent. */
const MAY_RESOLVE = /^(closed|unsent|accepted|started)/;

describe.concurrent('a start', () => {
  it.each(Object.entries(FAILED_STARTS))('is refused where the sidecar %s', async (_name, { steps, told }) => {
    const spawning = Sidecar.spawn({ ...script(LAST_WORDS, ...steps), startTimeoutMs: 5_000, graceMs: QUICK });
    const { spawn } = await outcomesOf({ spawn: spawning }, DEADLINE_MS);
    expect(spawn).toBeInstanceOf(SidecarError);
    expect(spawn).toMatchObject(told);
  });
});

describe.concurrent('every promise settles', () => {
  it.each(Object.entries(CRASHES))('where the sidecar %s', async (_name, { steps, told, given = [] }) => {
    const sidecar = await Sidecar.spawn({
      ...script(OPEN, LAST_WORDS, ...RECEIVE_ALL, ...steps),
      ...(told.code === 'sidecar_stuck' && { heartbeatMs: 20, stuckAfterMs: 400, killStuckAfterMs: 400 }),
      graceMs: QUICK,
    });
    const outcomes = await outcomesOf(await everyWaiter(sidecar), DEADLINE_MS);
    for (const [waiter, error] of Object.entries(outcomes)) {
      if (given.includes(waiter)) {
        expect(error, waiter).toBe('resolved');
        continue;
      }
      expect(error, waiter).toBeInstanceOf(SidecarError);
      expect(error, waiter).toMatchObject({ ...told, stderrTail: LAST_WORDS.stderr });
    }
    expect(outcomes.write).toMatchObject({ sent: true });
    expect(outcomes['unsent: run']).toMatchObject({ sent: false, accepted: false, started: false });
    expect(isAlive(sidecar.pid)).toBe(false);
    await sidecar.close();
  });

  it.each(Object.entries(SILENCES))('on close where the sidecar %s', async (_name, { steps, told, step }) => {
    const heartbeats: Step = { heartbeats: { everyMs: 100, count: 1e6 } };
    const sidecar = await Sidecar.spawn(script(OPEN, LAST_WORDS, heartbeats, ...RECEIVE_ALL, ...steps));
    const waiters = await everyWaiter(sidecar);
    const closed = sidecar.close({ mode: 'now', deadlineMs: 300, graceMs: QUICK });
    const outcomes = await outcomesOf({ ...waiters, closed }, DEADLINE_MS);
    expect(Object.entries(outcomes).filter(([, outcome]) => outcome === 'pending')).toEqual([]);
    expect(await closed).toMatchObject({ step: expect.stringMatching(step) });
    for (const [waiter, outcome] of Object.entries(outcomes)) {
      if (MAY_RESOLVE.test(waiter)) continue;
      expect(outcome, waiter).toMatchObject({ ...told, stderrTail: LAST_WORDS.stderr });
    }
    expect(isAlive(sidecar.pid)).toBe(false);
  });

  it('on disposing of a task that the sidecar does not answer for', async () => {
    const sidecar = await Sidecar.spawn(script({ open: {} }));
    const disposed = sidecar.submit({ command: 'wait' })[Symbol.asyncDispose]();
    expect(await outcomesOf({ disposed }, DEADLINE_MS)).toEqual({ disposed: 'resolved' });
    await sidecar.close({ mode: 'now', deadlineMs: 0 });
  });
});
