import { describe, expect, it } from 'vitest';
import type { LimitWarning, Sidecar, TaskInput } from '../../clients/node/index.js';
import { RawHost } from '../support/raw-host.js';
import { waitFor } from '../support/wait-for.js';
import { withSidecar } from './support/sidecar.js';

const QUEUE_SIZE = 10;
const forever = { command: 'sleep', args: ['60'] };
const near = expect.objectContaining({
  limit: 'schedulerQueue',
  category: 'queue',
  kind: 'near',
  capacity: QUEUE_SIZE,
  unit: 'tasks',
  scope: 'sidecar',
  configKey: 'queueSize',
});
const recovered = expect.objectContaining({ limit: 'schedulerQueue', kind: 'recovered', capacity: QUEUE_SIZE });

describe('a queue of 10 that is filled by sleepers, seen as frames', () => {
  it('warns once at 80 %, recovers once at 50 %, and does it again on the next filling', async () => {
    await using host = await RawHost.spawn({ config: { queueSize: QUEUE_SIZE, maxConcurrentTasks: 1 } });
    const warnings = () => host.frames.flatMap((frame) => (frame.type === 'limitWarning' ? [frame.body] : []));
    await host.submit(1, forever);
    await host.waitFor({ type: 'started', id: 1 });

    const fill = async (from: number, to: number) => {
      for (let id = from; id <= to; id += 1) await host.submit(id, forever);
      await host.waitFor({ type: 'accepted', id: to });
    };
    const drain = async (from: number, to: number) => {
      for (let id = from; id <= to; id += 1) await host.send('cancel', id, {});
      await host.waitFor({ type: 'result', id: to });
    };
    await fill(2, 8);
    expect(onlyQueues(warnings())).toEqual([]);
    await fill(9, 11);
    expect(onlyQueues(warnings())).toEqual([near]);
    await drain(2, 5);
    expect(onlyQueues(warnings())).toEqual([near]);
    await drain(6, 6);
    expect(onlyQueues(warnings())).toEqual([near, recovered]);
    await fill(12, 13);
    await drain(12, 13);
    expect(onlyQueues(warnings())).toEqual([near, recovered]);
    await fill(14, 18);
    expect(onlyQueues(warnings())).toEqual([near, recovered, near]);

    const readings = onlyQueues(warnings()).map(({ observed, fillPercent }) => [observed, fillPercent]);
    expect(readings).toEqual([
      [8, 80],
      [5, 50],
      [8, 80],
    ]);
    expect(new Set(warnings().map(({ seq }) => seq)).size).toBe(warnings().length);
  });
});

describe.concurrent('a queue of 10 that is filled by sleepers, seen by onLimitWarning', () => {
  it.each([1, 2])('warns at 80 % and recovers at 50 %, twice, with %i at a time', async (maxConcurrentTasks) => {
    const warnings: LimitWarning[] = [];
    await withSidecar(watching(warnings, maxConcurrentTasks), async (sidecar) => {
      for (const rounds of [1, 2]) {
        const naps = Array.from({ length: QUEUE_SIZE + maxConcurrentTasks }, () => sidecar.run('sleep', ['0.15']));
        await Promise.all(naps);
        expect(onlyQueues(warnings)).toEqual(Array(rounds).fill([near, recovered]).flat());
      }
    });
    expect(onlyQueues(warnings).map(({ fillPercent }) => fillPercent)).toEqual([80, 50, 80, 50]);
  });

  it('warns once for a batch that fills it at a stroke', async () => {
    const warnings: LimitWarning[] = [];
    await withSidecar(watching(warnings, 2), async (sidecar) => {
      for (const rounds of [1, 2]) {
        const batch: TaskInput[] = Array(QUEUE_SIZE + 2).fill({ command: 'sleep', args: ['0.1'] });
        const results = await sidecar.executeTasks(batch);
        expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['success']));
        expect(onlyQueues(warnings)).toEqual(Array(rounds).fill([near, recovered]).flat());
      }
    });
  });

  it('recovers once when everything is cancelled at once', async () => {
    const warnings: LimitWarning[] = [];
    await withSidecar(watching(warnings, 1), async (sidecar) => {
      for (const rounds of [1, 2]) {
        const handles = Array.from({ length: QUEUE_SIZE + 1 }, () => sidecar.submit(forever));
        await Promise.all(handles.map(({ accepted }) => accepted));
        await waitFor(() => onlyQueues(warnings).length === 2 * rounds - 1, 'the warning of the full queue');
        for (const handle of handles) handle.cancel();
        await Promise.all(handles.map(({ result }) => result));
        await expectEmptyQueue(sidecar);
        expect(onlyQueues(warnings)).toEqual(Array(rounds).fill([near, recovered]).flat());
      }
    });
  });

  it('does not warn below 80 %, however often it fills that far', async () => {
    const warnings: LimitWarning[] = [];
    await withSidecar(watching(warnings, 1), async (sidecar) => {
      for (let round = 0; round < 3; round += 1) {
        await Promise.all(Array.from({ length: 8 }, () => sidecar.run('sleep', ['0.02'])));
      }
      const queue = (await sidecar.queueSnapshot()).find(({ name }) => name === 'schedulerQueue');
      expect(queue).toMatchObject({ highWater: 7, depth: 0, waiters: 0, enqueued: 21, dequeued: 21 });
    });
    expect(onlyQueues(warnings)).toEqual([]);
  });
});

function watching(warnings: LimitWarning[], maxConcurrentTasks: number) {
  return {
    config: { queueSize: QUEUE_SIZE, maxConcurrentTasks },
    onLimitWarning: (warning: LimitWarning) => void warnings.push(warning),
  };
}

function onlyQueues(warnings: readonly LimitWarning[]): LimitWarning[] {
  return warnings.filter(({ category }) => category === 'queue');
}

async function expectEmptyQueue(sidecar: Sidecar): Promise<void> {
  const queue = (await sidecar.queueSnapshot()).find(({ name }) => name === 'schedulerQueue');
  expect(queue).toMatchObject({ depth: 0, waiters: 0 });
}
