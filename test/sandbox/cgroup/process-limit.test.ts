import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kernelCgroupFiles } from '../../../src/sandbox/cgroup/cgroup-files.js';
import { type CgroupManager, sweepCgroups } from '../../../src/sandbox/cgroup/index.js';
import { createGroup } from './create-group.js';
import { procDirectory } from './proc-directory.js';
import { isAlive, openManager, ownGroupsWithout, ROOMY, realSupport, start, whyNot } from './real-cgroups.js';

const hasUnshare = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;

describe.skipIf(!realSupport.pids.available)(`the process limit of a task's group${whyNot('pids')}`, () => {
  it('bounds a fork bomb, tells, and leaves other tasks free to fork', async () => {
    const manager = await openManager();
    const bomb = await createGroup(manager, { ...ROOMY, processes: 30 });
    const other = await createGroup(manager, { ...ROOMY, processes: 30 });
    start(bomb, ['/bin/sh', '-c', FORK_BOMB]);
    await expect.poll(async () => (await bomb.events()).processLimitHits, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await start(other, ['/bin/sh', '-c', '/bin/true; /bin/true']).ended).toEqual({ code: 0, signal: null });
    expect((await bomb.usage()).processPeak).toBe(30);
    expect(await bomb.kill()).toEqual([]);
    expect(await bomb.pids()).toEqual([]);
    expect(await other.events()).toMatchObject({ processLimitHits: 0 });
  });

  it('leaves room for helpers beyond the limit of the task', async () => {
    const task = await createGroup(await openManager(), { ...ROOMY, processes: 1 }, { helperTasks: 1 });
    expect(await start(task, ['/bin/sh', '-c', '/bin/true; exit 7']).ended).toEqual({ code: 7, signal: null });
    expect(await task.usage()).toMatchObject({ processPeak: 2, processes: 0 });
  });

  it('counts threads, as the kernel does', async () => {
    const task = await createGroup(await openManager(), ROOMY);
    expect(await start(task, ['node', '-e', '0']).ended).toEqual({ code: 0, signal: null });
    expect((await task.usage()).processPeak).toBeGreaterThan(4);
  });
});

const FORK_BOMB = 'exec 2> /dev/null; f() { f | f & }; f; sleep 60';

/** The ways to kill there are, by the hierarchies that are hidden, and whether the number of processes is limited then. */
const ways = [
  ['at once in version 2', /^$/, true],
  ['by forbidding to fork in version 1', /^0::/, true],
  ['by freezing in version 1', /^0::|pids/, false],
] as const;

describe.skipIf(!realSupport.kill.available || !realSupport.pids.available).each(ways)(
  `killing a task %s${whyNot('kill', 'pids')}`,
  (_way, hidden, isLimited) => {
    const open = (): Promise<CgroupManager> => openManager({ procDirectory: procDirectory(ownGroupsWithout(hidden)) });

    const scripts: [what: string, script: string][] = [
      ['left its session', 'setsid sleep 60 & setsid sh -c "sleep 60 & sleep 60" & wait'],
      ['was orphaned', '(setsid sleep 60 &) & (sleep 60 &)'],
      ['ignores every signal it can', 'trap "" HUP INT TERM QUIT USR1 USR2; sleep 60 & while :; do sleep 60; done'],
      ['has stopped itself', 'sleep 60 & kill -STOP $$'],
    ];
    // A bomb whose last fork is refused goes out by itself; what sleeps beside it does not.
    if (isLimited) scripts.push(['forks without end', `sleep 60 & sleep 60 & ${FORK_BOMB}`]);

    it.each(scripts)('reaches what %s', async (_what, script) => {
      const task = await createGroup(await open(), { ...ROOMY, processes: 100 });
      start(task, ['/bin/sh', '-c', script]);
      await expect.poll(async () => (await task.pids()).length, { timeout: 20_000 }).toBeGreaterThan(1);
      const before = await task.pids();
      expect(await task.kill()).toEqual([]);
      expect(await task.pids()).toEqual([]);
      await expect.poll(() => before.filter(isAlive)).toEqual([]);
      await task.remove();
    });

    it.skipIf(!isLimited)('counts no fork that it refuses as one beyond the limit of the task', async () => {
      for (let round = 0; round < 5; round += 1) {
        const task = await createGroup(await open(), { ...ROOMY, processes: 100 });
        const forking = 'while :; do (:) & (:) & (:); wait; done';
        start(task, ['/bin/sh', '-c', `${forking} & ${forking} & ${forking}`]);
        await expect.poll(async () => (await task.pids()).length, { timeout: 20_000 }).toBeGreaterThan(2);
        expect(await task.kill()).toEqual([]);
        expect((await task.events()).processLimitHits).toBe(0);
        await task.remove();
      }
    });

    it('reaches what has left the groups in one of the hierarchies', async () => {
      const task = await createGroup(await open(), ROOMY);
      const leave = 'echo 0 > "$0/../../cgroup.procs" && exec sleep 60';
      const { child, ended } = start(task, ['/bin/sh', '-c', leave, task.directories[0]!]);
      const procs = `${task.directories[0]}/cgroup.procs`;
      await expect.poll(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('sleep\n');
      expect(await kernelCgroupFiles.read(procs)).toBe('');
      expect(await task.kill()).toEqual([]);
      expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
    });

    it('ends what a removal finds alive', async () => {
      const task = await createGroup(await open(), ROOMY);
      const { ended } = start(task, ['sleep', '60']);
      await expect.poll(async () => (await task.pids()).length).toBe(1);
      await task.remove();
      expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
    });

    it('reaches into groups that the task made itself, and removes them', async () => {
      const task = await createGroup(await open(), ROOMY);
      const hide = 'mkdir "$0/inner" && echo 0 > "$0/inner/cgroup.procs" && exec sleep 60';
      const { child, ended } = start(task, ['/bin/sh', '-c', hide, task.directories[0]!]);
      await expect.poll(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('sleep\n');
      for (const directory of task.directories.slice(1)) mkdirSync(`${directory}/inner`);
      await task.remove();
      expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
    });
  },
);

describe.skipIf(!realSupport.kill.available)(`a task's groups${whyNot('kill')}`, () => {
  it('hold the process that joined them, and all that it starts', async () => {
    const task = await createGroup(await openManager(), ROOMY);
    const { child } = start(task, ['/bin/sh', '-c', 'sleep 60 & sleep 60']);
    await expect.poll(async () => (await task.pids()).length).toBe(3);
    expect(await task.pids()).toContain(child.pid);
    for (const path of task.setup.procsFiles) {
      expect((await kernelCgroupFiles.read(path)).split('\n').filter(Boolean)).toHaveLength(3);
    }
  });

  it.skipIf(!hasUnshare)('can be joined from inside another PID namespace', async () => {
    const task = await createGroup(await openManager(), ROOMY);
    const join = 'for file; do echo 0 > "$file" || exit 1; done; sleep 60';
    const { child } = start({ setup: { ...task.setup, procsFiles: [] } }, [
      ...['unshare', '--pid', '--fork', '/bin/sh', '-c', join, 'sh'],
      ...task.setup.procsFiles,
    ]);
    await expect.poll(async () => (await task.pids()).length).toBe(2);
    expect(await task.pids()).not.toContain(child.pid);
  });

  it('of a dead instance are swept with what still runs in them', async () => {
    const recorded: string[] = [];
    const manager = await openManager({ record: async (directories) => void recorded.push(...directories) });
    const task = await createGroup(manager, ROOMY);
    const { ended } = start(task, ['sleep', '60']);
    await expect.poll(async () => (await task.pids()).length).toBe(1);
    expect(recorded).toEqual(expect.arrayContaining([...manager.directories]));
    expect(await sweepCgroups(recorded)).toEqual({ gone: recorded, left: [] });
    expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

const hasEvents = realSupport.kill.available && realSupport.kill.mechanism === 'cgroup-v2';

describe.skipIf(!hasEvents)('watching an events file of the kernel', () => {
  it('calls back when its content changes', async () => {
    const manager = await openManager();
    const task = await createGroup(manager, ROOMY);
    const directory = task.directories.find((path) => existsSync(`${path}/cgroup.events`));
    let changes = 0;
    const watch = kernelCgroupFiles.watch(`${directory}/cgroup.events`, () => changes++);
    start(task, ['sleep', '60']);
    await expect.poll(() => changes).toBeGreaterThanOrEqual(1);
    const seen = changes;
    await task.kill();
    await expect.poll(() => changes).toBeGreaterThan(seen);
    watch.close();
  });
});
