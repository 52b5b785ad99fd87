import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HealthProbe, startHeartbeat } from '../../src/session/index.js';
import { blockWith, outboxOf } from './support/outboxes.js';

let pulses = 0;
const probe: HealthProbe = {
  pulse: () => ({ uptimeMs: ++pulses, loopDelayMs: 0, active: 1, queued: 2 }),
  health: () => {
    throw new Error('nobody asks');
  },
};

beforeEach(() => {
  pulses = 0;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the heartbeat', () => {
  it('beats at the pace that the host asked for, and counts', async () => {
    const { outbox, sink } = outboxOf({}, { stalled: false });
    using _heartbeat = startHeartbeat(100, outbox, probe);
    for (let beat = 0; beat < 3; beat += 1) {
      vi.advanceTimersByTime(100);
      await outbox.flushed();
    }
    expect(sink.of('heartbeat').map(({ body }) => body)).toEqual([
      { seq: 1, uptimeMs: 1, loopDelayMs: 0, active: 1, queued: 2 },
      { seq: 2, uptimeMs: 2, loopDelayMs: 0, active: 1, queued: 2 },
      { seq: 3, uptimeMs: 3, loopDelayMs: 0, active: 1, queued: 2 },
    ]);
  });

  it('does not pile up for a host that does not read', async () => {
    const test = outboxOf();
    await blockWith(test);
    using _heartbeat = startHeartbeat(100, test.outbox, probe);
    vi.advanceTimersByTime(1_000);
    test.sink.resume();
    await test.outbox.flushed();
    expect(test.sink.of('heartbeat').map(({ body }) => body.seq)).toEqual([10]);
  });

  it('is not there where the host did not ask', () => {
    const { outbox } = outboxOf();
    expect(startHeartbeat(undefined, outbox, probe)).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when it is disposed of', () => {
    const { outbox } = outboxOf();
    startHeartbeat(100, outbox, probe)?.[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes an interval that is longer than any timer', () => {
    const { outbox } = outboxOf();
    using _heartbeat = startHeartbeat(Number.MAX_SAFE_INTEGER, outbox, probe);
    vi.advanceTimersByTime(1_000_000);
    expect(pulses).toBe(0);
  });
});
