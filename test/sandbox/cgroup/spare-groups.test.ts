import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CgroupLimits, CgroupManager, TaskCgroup } from '../../../src/sandbox/cgroup/index.js';
import { useTemporaryFolder } from '../../support/temporary-folder.js';
import { fakeTask } from './fake-task.js';
import { hasPython, openManager, ROOMY, realSupport, start, whyNot } from './real-cgroups.js';

const MIB = 1024 * 1024;
const isVersion1 = (['memory', 'pids', 'cpuTime'] as const).every((feature) => {
  const found = realSupport[feature];
  return found.available && found.mechanism === 'cgroup-v1';
});

const folder = useTemporaryFolder();

interface TaskOptions {
  readonly limits?: CgroupLimits;
  /** Called when the command has ended, with its groups. */
  readonly look?: (task: TaskCgroup) => Promise<unknown>;
}

/** Runs a command in groups from `planGroup`, as a task would, and gives them back. */
async function runTask(
  manager: CgroupManager,
  command: readonly string[],
  { limits = ROOMY, look }: TaskOptions = {},
): Promise<{ directories: readonly string[]; made: readonly string[] }> {
  const task = manager.planGroup(limits);
  const { directories } = task;
  await task.make();
  await start(task, command).ended;
  await look?.(task);
  await task.giveBack();
  return { directories, made: task.setup.directories };
}

/** Which of the hierarchies the next task has to have a group made in. */
async function madeAfter(manager: CgroupManager, limits = ROOMY): Promise<(string | undefined)[]> {
  const { made } = await runTask(manager, ['/bin/true'], { limits });
  return made.map((directory) => directory.split('/')[4]);
}

/** Groups that a task has given back, taken again: as soon as the kernel has freed what the task had of its memory. */
function takeAgain(manager: CgroupManager, command: readonly string[], options: TaskOptions = {}): Promise<TaskCgroup> {
  return vi.waitFor(async () => {
    const { directories } = await runTask(manager, command, options);
    const again = manager.planGroup(options.limits ?? ROOMY);
    expect(again.setup.directories).toEqual([]);
    expect(again.directories).toEqual(directories);
    return again;
  });
}

describe.skipIf(!isVersion1)(`groups that are given back (version 1)${whyNot('memory', 'pids', 'cpuTime')}`, () => {
  it('serve the next task with the same limits', async () => {
    const manager = await openManager();
    const again = await takeAgain(manager, ['/bin/true']);
    expect(again.directories.length).toBeGreaterThan(2);
    expect(again.setup.writes).toEqual([]);
  });

  it('do not serve a task with other limits', async () => {
    const manager = await openManager();
    const { directories } = await runTask(manager, ['/bin/true']);
    const other = await runTask(manager, ['/bin/true'], { limits: { ...ROOMY, memoryBytes: 256 * MIB, processes: 9 } });
    expect(other.made.filter((directory) => directory.includes('cpuacct'))).toEqual([]);
    for (const directory of other.made) expect(directories).not.toContain(directory);
    expect(other.made).toHaveLength(2);
  });

  it('are nobody else’s while a task has them', async () => {
    const manager = await openManager();
    await runTask(manager, ['/bin/true']);
    const [one, other] = [manager.planGroup(ROOMY), manager.planGroup(ROOMY)];
    await other.make();
    expect(new Set([...one.directories, ...other.directories]).size).toBe(2 * one.directories.length);
  });

  it('count anew', async () => {
    const manager = await openManager();
    const busy = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
    const again = await takeAgain(manager, ['/bin/sh', '-c', busy], {
      look: async (task) => expect((await task.totals()).cpuMs).toBeGreaterThan(20),
    });
    const totals = await again.totals();
    expect(totals).toMatchObject({ cpuMs: 0, userMs: 0, systemMs: 0 });
    expect(totals.processPeak).toBeLessThanOrEqual(1);
    expect(totals.memoryPeakBytes).toBeLessThan(2 * MIB);
    expect(await again.events()).toEqual({ oomKills: 0, memoryLimitHits: 0, processLimitHits: 0 });
  });

  it.skipIf(!hasPython)('hold the limits of the task that has them', async () => {
    const manager = await openManager();
    const task = await takeAgain(manager, ['/bin/true'], { limits: { ...ROOMY, memoryBytes: 256 * MIB } });
    const { signal } = await start(task, ['python3', '-c', `x = bytearray(${512 * MIB})`]).ended;
    expect(signal).toBe('SIGKILL');
    expect(await task.events()).toMatchObject({ oomKills: 1 });
  });

  it('hold them even where their last task has changed them', async () => {
    const manager = await openManager();
    const { directories } = await takeAgain(manager, ['/bin/true'], {
      look: async (task) => {
        for (const directory of task.directories) {
          for (const file of ['memory.memsw.limit_in_bytes', 'memory.limit_in_bytes']) {
            if (existsSync(`${directory}/${file}`)) writeFileSync(`${directory}/${file}`, `${1024 * MIB}`);
          }
          if (existsSync(`${directory}/pids.max`)) writeFileSync(`${directory}/pids.max`, 'max');
        }
      },
    });
    const read = (file: string) =>
      directories
        .map((directory) => `${directory}/${file}`)
        .filter(existsSync)
        .map((path) => readFileSync(path, 'utf8'));
    expect(read('memory.limit_in_bytes')).toEqual([`${ROOMY.memoryBytes}\n`]);
    expect(read('pids.max')).toEqual([`${ROOMY.processes}\n`]);
  });

  it('are not used again where the task had several processes, as far as they count those', async () => {
    const manager = await openManager();
    await runTask(manager, ['/bin/sh', '-c', '/bin/true; /bin/true']);
    expect(await madeAfter(manager)).toContain('pids');
  });

  it('are not used again where the task was refused a process', async () => {
    const manager = await openManager();
    const limits = { ...ROOMY, processes: 1 };
    await runTask(manager, ['/bin/sh', '-c', 'exec 2> /dev/null; (:); :'], { limits });
    expect(await madeAfter(manager, limits)).toContain('pids');
  });

  it.skipIf(!hasPython)('are not used again where the kernel has killed for want of memory', async () => {
    const manager = await openManager();
    const limits = { ...ROOMY, memoryBytes: 64 * MIB };
    await runTask(manager, ['python3', '-c', `x = bytearray(${128 * MIB})`], { limits });
    expect(await madeAfter(manager, limits)).toContain('memory');
  });

  it('are not used again while memory of the task is charged to them', async () => {
    const manager = await openManager();
    const file = `${folder()}/left`;
    await runTask(manager, ['/bin/dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', 'count=8', 'status=none']);
    expect(await madeAfter(manager)).toContain('memory');
  });

  it('are not used again where there are groups below them', async () => {
    const manager = await openManager();
    const { directories } = await runTask(manager, ['/bin/true'], {
      look: async (task) => {
        for (const directory of task.directories) mkdirSync(`${directory}/below`);
      },
    });
    expect(directories.filter(existsSync)).toEqual([]);
  });

  it.skipIf(!realSupport.cpu.available)('are not used again where the rate of the CPU is capped', async () => {
    const manager = await openManager();
    const limits = { ...ROOMY, cpuPercent: 100 };
    await runTask(manager, ['/bin/true'], { limits });
    expect(await madeAfter(manager, limits)).toContain('cpu');
  });

  it('are removed when they are dropped', async () => {
    const manager = await openManager();
    const task = await takeAgain(manager, ['/bin/true']);
    const { directories } = task;
    await task.giveBack();
    expect(directories.filter(existsSync)).toEqual(directories);
    await manager.dropSpare();
    expect(directories.filter(existsSync)).toEqual([]);
  });

  it('are few, whatever limits tasks have', async () => {
    const manager = await openManager();
    let last: readonly string[] = [];
    const all = new Set<string>();
    for (let processes = 1; processes <= 70; processes += 1) {
      const task = manager.planGroup({ ...ROOMY, processes });
      await task.make();
      last = task.directories;
      for (const directory of last) all.add(directory);
      await task.giveBack();
    }
    expect([...all].filter(existsSync)).toHaveLength(64);
    expect(last.filter(existsSync)).toEqual(last);
  });
});

describe('groups that are given back (version 2)', () => {
  it('are removed: their peaks cannot be set back', async () => {
    const { cgroup } = await fakeTask();
    onTestFinished(() => cgroup.remove());
    await cgroup.giveBack();
    expect(await cgroup.pids()).toEqual([]);
    expect(await cgroup.memoryBytes()).toBeNull();
  });
});
