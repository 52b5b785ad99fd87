import { afterEach, describe, expect, it, vi } from 'vitest';
import { pass, watchedRegistry } from './support/watched.js';

afterEach(() => {
  vi.useRealTimers();
});

const MINUTE = 60_000;

describe('a link at which somebody is parked', () => {
  it('is told when that has lasted for a second, and once more when it goes on', () => {
    const { queue, told } = watchedRegistry();
    const park = queue('a → b').park();
    pass(999);
    expect(told()).toEqual([]);
    pass(1);
    expect(told()).toEqual(['stalled a → b 1000']);
    pass(2_500);
    expect(told()).toEqual([]);
    park.end();
    expect(told()).toEqual(['goesOn a → b 3500']);
    pass(2 * MINUTE);
    expect(told()).toEqual([]);
  });

  it('is not told where it goes on within a second, however often', () => {
    const { queue, told } = watchedRegistry();
    const gauge = queue('a → b');
    for (let count = 0; count < 100; count += 1) {
      using _park = gauge.park();
      pass(900);
    }
    expect(told()).toEqual([]);
  });

  it('is told again after ten seconds, a minute, and every ten minutes from then on', () => {
    const { queue, told } = watchedRegistry();
    const park = queue('a → b').park();
    pass(35 * MINUTE);
    const times = [1_000, 10_000, MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE];
    expect(told()).toEqual(times.map((ms) => `stalled a → b ${ms}`));
    park.end();
    expect(told()).toEqual([`goesOn a → b ${35 * MINUTE}`]);
  });

  it('is stalled for as long as anybody waits, counted from the first', () => {
    const { queue, told } = watchedRegistry();
    const gauge = queue('a → b');
    const first = gauge.park();
    pass(800);
    const second = gauge.park();
    pass(400);
    first.end();
    expect(told()).toEqual(['stalled a → b 1000']);
    pass(300);
    second.end();
    expect(told()).toEqual(['goesOn a → b 1500']);
  });

  it('is told in the words of the log: who is slow, for how long, how full it is, and the setting that changes that', () => {
    const { queue, logger } = watchedRegistry();
    const gauge = queue('inbox → workers');
    gauge.enqueue(0, 7);
    const park = gauge.park();
    pass(1_000);
    pass(300);
    park.end();
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        message:
          'inbox → workers has been stalled for 1.0 s: the test is slow; 7 of 10 tasks are in use (setting queueSize)',
        fields: {
          stall: {
            kind: 'stalled',
            link: 'inbox → workers',
            scope: 'sidecar',
            slow: 'the test is slow',
            stalledMs: 1_000,
            others: 0,
            observed: 7,
            capacity: 10,
            unit: 'tasks',
            configKey: 'queueSize',
          },
        },
      },
      {
        level: 'info',
        message: 'inbox → workers goes on after 1.3 s',
        fields: { stall: expect.objectContaining({ kind: 'goesOn', stalledMs: 1_300 }) },
      },
    ]);
  });

  it('asks who is slow when it is told, and not before', () => {
    const { registry, stalls } = watchedRegistry();
    let slow = 'nobody yet';
    const gauge = registry.register({ limit: 'inboxQueue', capacity: 1, link: { name: 'a → b', slow: () => slow } });
    gauge.park();
    slow = 'the scheduler';
    pass(1_000);
    expect(stalls).toMatchObject([{ slow: 'the scheduler' }]);
  });

  it('is not told where its queue has no link', () => {
    const { registry, told } = watchedRegistry();
    registry.register({ limit: 'outputQueue', capacity: 1 }).park();
    pass(MINUTE);
    expect(told()).toEqual([]);
  });
});

describe('a link that stalls again and again', () => {
  it('is told as one that has never gone on', () => {
    const { queue, told } = watchedRegistry();
    const gauge = queue('a → b');
    for (let count = 0; count < 200; count += 1) {
      using _park = gauge.park();
      pass(1_500);
    }
    const kinds = told().map((line) => line.split(' ')[0]);
    expect(kinds).toEqual(['stalled', 'goesOn', 'stalled', 'goesOn', 'stalled', 'goesOn']);
  });

  it('is told at once where it had gone on for a minute', () => {
    const { queue, told } = watchedRegistry();
    const gauge = queue('a → b');
    for (let count = 0; count < 3; count += 1) {
      const park = gauge.park();
      pass(1_000);
      park.end();
      expect(told()).toEqual(['stalled a → b 1000', 'goesOn a → b 1000']);
      pass(MINUTE);
    }
  });
});

describe('many links that are stalled', () => {
  it('are told one by one, each with how many others there are', () => {
    const { queue, stalls } = watchedRegistry();
    for (const name of ['a', 'b', 'c']) queue(name).park();
    pass(1_000);
    expect(stalls.map(({ link, others }) => [link, others])).toEqual([
      ['a', 2],
      ['b', 2],
      ['c', 2],
    ]);
  });

  it('are told of at most 16 tasks a minute, and always of the sidecar itself', () => {
    const { queue, stalls } = watchedRegistry();
    for (let task = 0; task < 1_000; task += 1) queue(`task ${task}`, { scope: `execution-${task}` }).park();
    queue('outbox → host').park();
    pass(50_000);
    expect(new Set(stalls.map(({ scope }) => scope)).size).toBe(17);
    expect(stalls).toHaveLength(2 * 17);
    expect(stalls[0]).toMatchObject({ link: 'task 0', others: 1_000 });
    expect(stalls.some(({ link }) => link === 'outbox → host')).toBe(true);
  });

  it('leave their places to other tasks a minute after they have gone on', () => {
    const { queue, stalls } = watchedRegistry();
    const parks = Array.from({ length: 16 }, (_, task) => queue(`early ${task}`, { scope: `early-${task}` }).park());
    pass(1_000);
    for (const park of parks) park.end();
    queue('late', { scope: 'late' }).park();
    pass(58_000);
    expect(stalls.some(({ link }) => link === 'late')).toBe(false);
    pass(3_000);
    expect(stalls.some(({ link }) => link === 'late')).toBe(true);
  });
});

describe('the timer of the watch', () => {
  it('is one for all links, and runs only while somebody is parked', () => {
    const { queue } = watchedRegistry();
    const gauges = ['a', 'b', 'c'].map((name) => queue(name));
    expect(vi.getTimerCount()).toBe(0);
    const parks = gauges.map((gauge) => gauge.park());
    expect(vi.getTimerCount()).toBe(1);
    pass(5_000);
    expect(vi.getTimerCount()).toBe(1);
    for (const park of parks) park.end();
    pass(250);
    expect(vi.getTimerCount()).toBe(0);
    gauges[0]!.park();
    expect(vi.getTimerCount()).toBe(1);
  });
});

describe('who takes the stalls', () => {
  it('may throw without anybody noticing but the log', () => {
    const { registry, queue, logger } = watchedRegistry();
    registry.setStallHandler(() => {
      throw new Error('the terminal is gone');
    });
    const park = queue('a → b').park();
    pass(1_000);
    expect(() => park.end()).not.toThrow();
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'error', 'info', 'error']);
  });

  it('is asked no more when it is removed', () => {
    const { registry, queue, told } = watchedRegistry();
    registry.setStallHandler(null);
    queue('a → b').park();
    pass(1_000);
    expect(told()).toEqual([]);
  });
});
