import { describe, expect, it } from 'vitest';
import { limitWrites } from '../../../src/sandbox/cgroup/limit-writes.js';
import type { CgroupFeature } from '../../../src/sandbox/cgroup/support.js';

const all = new Set<CgroupFeature>(['memory', 'pids', 'cpu', 'cpuTime', 'kill', 'io']);
const limits = { memoryBytes: 1_000_000, processes: 10, cpuPercent: 150 };

const files = (...args: Parameters<typeof limitWrites>): string[] =>
  limitWrites(...args).map(({ file, value }) => `${file}=${value}`);

describe('limitWrites', () => {
  it('limits memory without swap, tasks and the CPU rate in version 2', () => {
    expect(files(2, all, limits, 0)).toEqual([
      'memory.max=1000000',
      'memory.swap.max=0',
      'memory.oom.group=1',
      'pids.max=10',
      'cpu.max=150000 100000',
    ]);
  });

  it('limits memory before memory with swap in version 1, which refuses the other order', () => {
    expect(files(1, all, limits, 0)).toEqual([
      'memory.limit_in_bytes=1000000',
      'memory.memsw.limit_in_bytes=1000000',
      'memory.swappiness=0',
      'pids.max=10',
      'cpu.cfs_quota_us=150000',
    ]);
  });

  it('writes only what the hierarchy has', () => {
    expect(files(1, new Set(['pids']), limits, 0)).toEqual(['pids.max=10']);
    expect(files(2, new Set(['cpuTime', 'kill']), limits, 0)).toEqual([]);
  });

  it('leaves room for the helpers of the sandbox, and takes more than the kernel can have for no limit', () => {
    const pids = new Set<CgroupFeature>(['pids']);
    expect(files(2, pids, limits, 3)).toEqual(['pids.max=13']);
    expect(files(2, pids, { ...limits, processes: 4_194_304 }, 0)).toEqual(['pids.max=4194304']);
    expect(files(2, pids, { ...limits, processes: 4_194_304 }, 1)).toEqual(['pids.max=max']);
  });

  it('writes no CPU rate where there is no cap, the smallest one at 1 percent, and one the kernel can hold at any', () => {
    const cpu = new Set<CgroupFeature>(['cpu']);
    expect(files(2, cpu, { ...limits, cpuPercent: null }, 0)).toEqual([]);
    expect(files(2, cpu, { ...limits, cpuPercent: 1 }, 0)).toEqual(['cpu.max=1000 100000']);
    expect(files(1, cpu, { ...limits, cpuPercent: Number.MAX_SAFE_INTEGER }, 0)).toEqual([
      'cpu.cfs_quota_us=1000000000',
    ]);
  });

  it('goes on without a limit only where it holds by itself or the kernel cannot express it', () => {
    const tolerated = limitWrites(1, all, limits, 0).map(({ file, tolerated }) => [file, tolerated]);
    expect(tolerated).toEqual([
      ['memory.limit_in_bytes', []],
      ['memory.memsw.limit_in_bytes', ['ENOENT']],
      ['memory.swappiness', ['ENOENT', 'EINVAL']],
      ['pids.max', []],
      ['cpu.cfs_quota_us', ['EINVAL']],
    ]);
  });
});
