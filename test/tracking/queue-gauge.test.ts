import { afterEach, describe, expect, it, vi } from 'vitest';
import { brief, recordingRegistry } from './support/recording.js';

describe('a gauge of a queue', () => {
  it('warns once when it is filled to 80 %, however long it stays there', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'schedulerQueue', capacity: 10 });
    for (let task = 1; task <= 7; task += 1) gauge.enqueue();
    expect(warnings).toEqual([]);
    gauge.enqueue();
    gauge.enqueue();
    gauge.dequeue();
    gauge.enqueue();
    gauge.enqueue();
    expect(warnings.map(brief)).toEqual(['schedulerQueue near 8/10 tasks']);
  });

  it('says so when it has drained to 50 %, and warns again on the next filling', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'schedulerQueue', capacity: 10 });
    gauge.observeDepth(10);
    for (let task = 1; task <= 4; task += 1) gauge.dequeue();
    expect(warnings).toHaveLength(1);
    gauge.dequeue();
    gauge.dequeue();
    gauge.observeDepth(9);
    expect(warnings.map(brief)).toEqual([
      'schedulerQueue near 10/10 tasks',
      'schedulerQueue recovered 5/10 tasks',
      'schedulerQueue near 9/10 tasks',
    ]);
  });

  it('stays silent between 50 % and 80 %, whichever way it came', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 100 });
    for (const depth of [51, 79, 51, 79]) gauge.observeDepth(depth);
    expect(warnings).toEqual([]);
    gauge.observeDepth(80);
    for (const depth of [79, 51, 79, 80, 51]) gauge.observeDepth(depth);
    expect(warnings.map(brief)).toEqual(['inboxQueue near 80/100 items']);
  });

  it('tells everything about a warning', () => {
    const { registry, warnings } = recordingRegistry();
    const before = Date.now();
    registry.register({ limit: 'memoryBytes', capacity: 1_000, scope: 'execution-1' }).observeDepth(876);
    expect(warnings).toEqual([
      {
        limit: 'memoryBytes',
        category: 'memory',
        observed: 876,
        capacity: 1_000,
        fillPercent: 87,
        kind: 'near',
        unit: 'bytes',
        scope: 'execution-1',
        seq: 1,
        at: expect.any(Number),
        configKey: 'limits.memoryBytes',
      },
    ]);
    expect(warnings[0]!.at).toBeGreaterThanOrEqual(before);
  });

  it('names the setting that it was given instead of that of the catalogue', () => {
    const { registry, warnings } = recordingRegistry();
    registry.register({ limit: 'memoryBytes', capacity: 10, configKey: 'defaultMemoryLimitBytes' }).observeDepth(8);
    expect(warnings[0]!.configKey).toBe('defaultMemoryLimitBytes');
  });

  it('never warns and has no fill where its capacity is 0', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'schedulerQueue', capacity: 0 });
    gauge.enqueue();
    gauge.observeDepth(1_000);
    expect(warnings).toEqual([]);
    expect(gauge.snapshot()).toMatchObject({ depth: 1_000, highWater: 1_000, capacity: 0, fillPercent: 0 });
  });

  it('never underflows', () => {
    const { registry } = recordingRegistry();
    const gauge = registry.register({ limit: 'outputQueue', capacity: 10, capacityBytes: 100 });
    gauge.enqueue(20);
    gauge.dequeue(50);
    gauge.dequeue(50);
    expect(gauge.snapshot()).toMatchObject({ depth: 0, depthBytes: 0, enqueued: 1, dequeued: 1 });
    gauge.enqueue(5);
    expect(gauge.snapshot()).toMatchObject({ depth: 1, depthBytes: 5 });
  });

  it('counts bytes where the queue is measured in bytes', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'outputBytes', capacity: 1_000, scope: 'execution-1' });
    gauge.enqueue(799);
    expect(warnings).toEqual([]);
    gauge.enqueue(1);
    gauge.dequeue(300);
    expect(warnings.map(brief)).toEqual(['outputBytes near 800/1000 bytes', 'outputBytes recovered 500/1000 bytes']);
    expect(gauge.snapshot()).toMatchObject({ depth: 500, highWater: 800, enqueued: 800, dequeued: 300 });
  });

  it('judges what comes in together as one', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'schedulerQueue', capacity: 10 });
    gauge.enqueue(0, 10);
    gauge.dequeue(0, 10);
    expect(warnings.map(brief)).toEqual(['schedulerQueue near 10/10 tasks', 'schedulerQueue recovered 0/10 tasks']);
  });

  it('counts what passes through without ever being filled by it', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 1 });
    gauge.passThrough(100);
    expect(gauge.snapshot()).toMatchObject({ enqueued: 1, dequeued: 1, depth: 0, highWater: 0 });
    expect(warnings).toEqual([]);
  });
});

describe('a gauge of items and bytes', () => {
  it('warns about the bytes where they fill first', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'outputQueue', capacity: 10, capacityBytes: 1_000 });
    gauge.enqueue(400);
    gauge.enqueue(450);
    expect(warnings).toMatchObject([
      { kind: 'near', observed: 850, capacity: 1_000, fillPercent: 85, unit: 'bytes', configKey: 'outboxBytes' },
    ]);
  });

  it('warns about the items where they fill first', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'outputQueue', capacity: 5, capacityBytes: 1_000 });
    for (let frame = 1; frame <= 4; frame += 1) gauge.enqueue(10);
    expect(warnings).toMatchObject([
      { kind: 'near', observed: 4, capacity: 5, fillPercent: 80, unit: 'items', configKey: 'outboxFrames' },
    ]);
  });

  it('has recovered only when both have drained', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'outputQueue', capacity: 10, capacityBytes: 1_000 });
    gauge.observeDepth(8, 900);
    gauge.observeDepth(1, 510);
    expect(warnings).toHaveLength(1);
    gauge.observeDepth(1, 509);
    expect(warnings.map(brief)).toEqual(['outputQueue near 900/1000 bytes', 'outputQueue recovered 509/1000 bytes']);
  });

  it('shows both in its snapshot, and the fuller one as its fill', () => {
    const { registry } = recordingRegistry();
    const gauge = registry.register({ limit: 'resultQueue', capacity: 10, capacityBytes: 1_000 });
    gauge.enqueue(300);
    gauge.enqueue(300);
    gauge.dequeue(300);
    expect(gauge.snapshot()).toEqual({
      name: 'resultQueue',
      category: 'queue',
      scope: 'sidecar',
      unit: 'items',
      capacity: 10,
      capacityBytes: 1_000,
      depth: 1,
      depthBytes: 300,
      highWater: 2,
      fillPercent: 30,
      waiters: 0,
      enqueued: 2,
      dequeued: 1,
      parkedCount: 0,
      parkedMs: 0,
      longestParkMs: 0,
      waitMs: { p50: null, p90: null, p99: null, max: null },
    });
  });

  it('leaves the bytes as they were where only the items are observed', () => {
    const { registry } = recordingRegistry();
    const gauge = registry.register({ limit: 'resultQueue', capacity: 10, capacityBytes: 1_000 });
    gauge.observeDepth(2, 300);
    gauge.observeDepth(3);
    expect(gauge.snapshot()).toMatchObject({ depth: 3, depthBytes: 300 });
  });
});

describe('a gauge of a limit that is observed', () => {
  it('warns with the true figure above the capacity, while the depth in its snapshot ends there', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'memoryBytes', capacity: 100, scope: 'execution-1' });
    gauge.observeDepth(130);
    expect(warnings).toMatchObject([{ kind: 'near', observed: 130, capacity: 100, fillPercent: 130 }]);
    expect(gauge.snapshot()).toMatchObject({ depth: 100, highWater: 130, fillPercent: 100 });
  });

  it('has its high-water mark updated before it warns', () => {
    const { registry } = recordingRegistry();
    const gauge = registry.register({ limit: 'processes', capacity: 10 });
    const seen: unknown[] = [];
    registry.setLimitWarningHandler(() => seen.push(gauge.snapshot().highWater));
    gauge.observeDepth(9);
    expect(seen).toEqual([9]);
  });

  it.each([
    [Number.NaN, 0],
    [-5, 0],
    [12.9, 12],
    [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
  ])('records %d as %d and does not throw', (observed, recorded) => {
    const { registry } = recordingRegistry();
    const gauge = registry.register({ limit: 'cpuTimeMs', capacity: 100 });
    gauge.observeDepth(observed);
    expect(gauge.snapshot().highWater).toBe(recorded);
  });
});

describe('a gauge of who waits', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('counts who is parked and for how long, those who still are included', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { registry } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 1 });
    const first = gauge.park();
    vi.advanceTimersByTime(30);
    gauge.park();
    vi.advanceTimersByTime(10);
    expect(gauge.snapshot()).toMatchObject({ waiters: 2, parkedCount: 2, parkedMs: 50, longestParkMs: 40 });
    first.end();
    vi.advanceTimersByTime(60);
    expect(gauge.snapshot()).toMatchObject({ waiters: 1, parkedCount: 2, parkedMs: 110, longestParkMs: 70 });
  });

  it('remembers the longest wait after it has ended', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { registry } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 1 });
    for (const waitMs of [20, 90, 40]) {
      const park = gauge.park();
      vi.advanceTimersByTime(waitMs);
      park.end();
    }
    expect(gauge.snapshot()).toMatchObject({ waiters: 0, parkedCount: 3, parkedMs: 150, longestParkMs: 90 });
  });

  it('counts a wait once, however often it is ended', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { registry } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 1 });
    const other = gauge.park();
    {
      using park = gauge.park();
      vi.advanceTimersByTime(10);
      park.end();
      vi.advanceTimersByTime(10);
      park.end();
    }
    other.end();
    expect(gauge.snapshot()).toMatchObject({ waiters: 0, parkedCount: 2, parkedMs: 30, longestParkMs: 20 });
  });

  it('does not count who waits as depth', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 2 });
    gauge.enqueue();
    gauge.park();
    gauge.park();
    expect(gauge.snapshot()).toMatchObject({ depth: 1, waiters: 2 });
    expect(warnings).toEqual([]);
  });
});

describe('a closed gauge', () => {
  it('is out of the snapshot, may be closed again, and never warns', () => {
    const { registry, warnings } = recordingRegistry();
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 10 });
    const other = registry.register({ limit: 'outputQueue', capacity: 10 });
    gauge.close();
    gauge.close();
    gauge.observeDepth(10);
    gauge.dequeue();
    gauge.warnBeforeExhausted({
      observed: 10,
      capacity: 10,
      fillPercent: 100,
      unit: 'items',
      configKey: 'inboxFrames',
    });
    expect(registry.snapshot()).toEqual([other.snapshot()]);
    expect(warnings).toEqual([]);
  });

  it('is what is left of a gauge whose scope has ended', () => {
    const { registry } = recordingRegistry();
    {
      using gauge = registry.register({ limit: 'inboxQueue', capacity: 10 });
      expect(registry.snapshot()).toEqual([gauge.snapshot()]);
    }
    expect(registry.snapshot()).toEqual([]);
  });
});

describe('registering', () => {
  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses a capacity of %d', (capacity) => {
    const { registry } = recordingRegistry();
    expect(() => registry.register({ limit: 'schedulerQueue', capacity })).toThrow(
      expect.objectContaining({
        name: 'InvalidCapacityError',
        code: 'invalid_capacity',
        message: `capacity of schedulerQueue must be an integer from 0 to 9007199254740991, got ${capacity} (setting queueSize)`,
      }),
    );
    expect(registry.snapshot()).toEqual([]);
  });

  it('refuses a byte bound that is none and names its own setting', () => {
    const { registry } = recordingRegistry();
    expect(() => registry.register({ limit: 'outputQueue', capacity: 1, capacityBytes: -1 })).toThrow(
      /^capacityBytes of outputQueue must be .* got -1 \(setting outboxBytes\)$/,
    );
  });
});
