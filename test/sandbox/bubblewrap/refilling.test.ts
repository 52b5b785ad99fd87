import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SandboxPolicy } from '../../../src/sandbox/bubblewrap/policy.js';
import type { PreparedSandbox } from '../../../src/sandbox/bubblewrap/prepared-sandbox.js';
import { WarmPool } from '../../../src/sandbox/bubblewrap/warm-pool.js';
import { createKeepingLogger } from '../../support/logs.js';
import { policy } from './support.js';

const SIZE = 4;

/** So long no task comes where none is right behind, in ms. */
const CALM_MS = 10;

describe('what tasks have taken of the prepared sandboxes', () => {
  let pool: WarmPool;
  let made: string[];

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] });
    made = [];
    pool = new WarmPool({ size: SIZE, make, logger: createKeepingLogger() });
    pool.start(policy('a'));
    await vi.advanceTimersByTimeAsync(SIZE);
    expect(made).toHaveLength(SIZE);
  });
  afterEach(async () => {
    await pool.close();
    vi.useRealTimers();
  });

  async function make(_id: string, made_of: SandboxPolicy): Promise<PreparedSandbox> {
    made.push(made_of.key);
    const sandbox = {
      policy: made_of,
      isAlive: true,
      exited: new Promise(() => {}),
      close: async () => ({ leaked: 0 }),
    };
    return sandbox as unknown as PreparedSandbox;
  }
  const begin = async (key = 'a') => {
    await pool.take(policy(key), 'task');
    pool.underWay();
    await vi.advanceTimersByTimeAsync(1);
  };
  const run = async (key = 'a') => {
    await begin(key);
    pool.over();
    await vi.advanceTimersByTimeAsync(1);
  };

  it('is not replaced while they follow one another, until they have taken the last', async () => {
    for (let task = 1; task < SIZE; task += 1) await run();
    expect(made).toHaveLength(SIZE);
    await run();
    expect(made).toHaveLength(2 * SIZE);
  });

  it('is replaced by four at once at most', async () => {
    await pool.close();
    pool = new WarmPool({ size: 3 * SIZE, make, logger: createKeepingLogger() });
    pool.start(policy('a'));
    await vi.advanceTimersByTimeAsync(3 * SIZE);
    made = [];
    for (let task = 1; task <= 3 * SIZE; task += 1) await run();
    expect(made).toHaveLength(4);
  });

  it('is replaced when none has come for a while', async () => {
    for (let task = 1; task < SIZE; task += 1) await run();
    await vi.advanceTimersByTimeAsync(CALM_MS - 4);
    expect(made).toHaveLength(SIZE);
    await vi.advanceTimersByTimeAsync(4 + SIZE);
    expect(made).toHaveLength(2 * SIZE - 1);
  });

  it('is replaced while a task takes long', async () => {
    await begin();
    await vi.advanceTimersByTimeAsync(CALM_MS);
    expect(made).toHaveLength(SIZE + 1);
  });

  it('is replaced one by one by those that are over, where several run', async () => {
    await begin();
    await begin();
    await run();
    expect(made).toHaveLength(SIZE + 1);
    await run();
    expect(made).toHaveLength(SIZE + 2);
  });

  it('is replaced where the last of one policy of several is taken', async () => {
    for (let task = 0; task < 2 * SIZE; task += 1) await run(task % 2 === 0 ? 'a' : 'b');
    await vi.advanceTimersByTimeAsync(2 * CALM_MS);
    made = [];
    await run('b');
    expect(made).toEqual([]);
    await run('b');
    expect(made).toContain('b');
  });
});
