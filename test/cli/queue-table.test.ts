import { afterEach, describe, expect, it, vi } from 'vitest';
import { queueTable } from '../../src/cli/queue-table.js';
import { QueueRegistry } from '../../src/tracking/index.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('the table of queues', () => {
  it('has a line for each queue, and none for other limits', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const registry = new QueueRegistry();
    const queue = registry.register({ limit: 'outputQueue', capacity: 10 });
    registry.register({ limit: 'activeTasks', capacity: 5 }).observeDepth(3);
    queue.enqueue(0, 7);
    queue.dequeue(0, 2);
    queue.recordWait(0);
    const park = queue.park();
    vi.advanceTimersByTime(1_500);
    park.end();
    expect(queueTable(registry.snapshot()).split('\n')).toEqual([
      'queue        most           in  out  parked  for     longest  waited p50/p90/p99/max',
      '───────────  ─────────────  ──  ───  ──────  ──────  ───────  ──────────────────────',
      'outputQueue  7 of 10 items  7   2    1×      1.50 s  1.50 s   0/0/0/0 ms',
    ]);
  });
});
