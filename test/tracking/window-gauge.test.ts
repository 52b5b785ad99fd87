import { afterEach, describe, expect, it, vi } from 'vitest';
import { queueSnapshotSchema } from '../../protocol/index.js';
import { recordingRegistry } from './support/recording.js';
import { pass, watchedRegistry } from './support/watched.js';

const WINDOW = {
  window: 'outputWindow',
  scope: 'execution-1',
  capacity: 1_000,
  configKey: 'outputWindowBytes',
  name: 'task → host window',
  slow: () => 'the host returns no credit',
} as const;

afterEach(() => {
  vi.useRealTimers();
});

describe('a window', () => {
  it('is in the snapshot, behind the limits, until it is closed', () => {
    const { registry } = recordingRegistry();
    const window = registry.openWindow(WINDOW);
    registry.register({ limit: 'inboxQueue', capacity: 1 });
    window.observe(300, 700);
    const [, shown] = registry.snapshot();
    expect(shown).toEqual({
      name: 'outputWindow',
      category: 'queue',
      scope: 'execution-1',
      unit: 'bytes',
      capacity: 1_000,
      depth: 300,
      highWater: 300,
      fillPercent: 30,
      waiters: 0,
      enqueued: 700,
      dequeued: 400,
      parkedCount: 0,
      parkedMs: 0,
      longestParkMs: 0,
    });
    expect(queueSnapshotSchema.strict().parse(shown)).toEqual(shown);
    window.close();
    window.close();
    expect(registry.snapshot().map(({ name }) => name)).toEqual(['inboxQueue']);
  });

  it('may be full without a warning', () => {
    const { registry, warnings } = recordingRegistry();
    using window = registry.openWindow(WINDOW);
    window.observe(1_000, 1_000);
    expect(window.snapshot().fillPercent).toBe(100);
    expect(warnings).toEqual([]);
  });

  it('is empty where more was allowed than it holds', () => {
    const { registry } = recordingRegistry();
    using window = registry.openWindow(WINDOW);
    window.observe(-5_000, 200);
    expect(window.snapshot()).toMatchObject({ depth: 0, highWater: 0, enqueued: 200, dequeued: 200 });
  });

  it('counts who waits at it, and tells it as a stall', () => {
    const { registry, stalls } = watchedRegistry();
    using window = registry.openWindow(WINDOW);
    window.observe(1_000, 1_000);
    window.park();
    pass(1_200);
    expect(window.snapshot()).toMatchObject({ waiters: 1, parkedCount: 1, parkedMs: 1_200, longestParkMs: 1_200 });
    expect(stalls).toMatchObject([
      {
        link: 'task → host window',
        scope: 'execution-1',
        slow: 'the host returns no credit',
        observed: 1_000,
        capacity: 1_000,
        unit: 'bytes',
        configKey: 'outputWindowBytes',
      },
    ]);
  });
});
