import { existsSync, mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePids } from '../../../src/sandbox/cgroup/file-formats.js';
import { adviseCgroups, CgroupManager, type CgroupSupport, sweepCgroups } from '../../../src/sandbox/cgroup/index.js';
import { machine } from '../support/machines.js';
import { createGroup } from './create-group.js';
import { FAKE_PID, FakeCgroup2 } from './fake-cgroup2.js';
import { procDirectory } from './proc-directory.js';

const OWN = '/fake/scope';
const INSTANCE = `${OWN}/exec-sidecar-i1`;
const limits = { memoryBytes: 10_000_000, processes: 20, cpuPercent: 50 };
const EVERYTHING = ['memory', 'pids', 'cpu', 'io'];
const V2 = { available: true, mechanism: 'cgroup-v2' };

/** A process alone in `/fake/scope`, to which the root hands the given controllers down. */
async function delegated(controllers: readonly string[] = EVERYTHING): Promise<FakeCgroup2> {
  const kernel = new FakeCgroup2(EVERYTHING);
  for (const controller of controllers) await kernel.write('/fake/cgroup.subtree_control', `+${controller}`);
  await kernel.makeDirectory(OWN);
  kernel.start(OWN, FAKE_PID);
  return kernel;
}

function create(
  kernel: FakeCgroup2,
  { path = '/scope', mountRoot = '/', record = undefined as Recorder, helpers = [] as number[] } = {},
) {
  const mountinfo = `31 23 0:28 ${mountRoot} /fake rw - cgroup2 cgroup2 rw\n`;
  const proc = procDirectory({ cgroup: `0::${path}\n`, mountinfo });
  const options = { files: kernel, pid: FAKE_PID, helpers, procDirectory: proc, ...(record && { record }) };
  return CgroupManager.create('i1', options);
}

type Recorder = ((directories: readonly string[]) => Promise<void>) | undefined;

const unavailable = (support: CgroupSupport): Record<string, string> =>
  Object.fromEntries(
    Object.entries(support).flatMap(([feature, found]) => (found.available ? [] : [[feature, found.code]])),
  );

describe('CgroupManager in a delegated version 2 group', () => {
  it('has every feature, after moving this process alone into a group below its own', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    expect(manager.support).toEqual({
      memory: V2,
      pids: V2,
      cpu: V2,
      cpuTime: V2,
      kill: V2,
      io: V2,
    });
    expect(manager.directories).toEqual([INSTANCE]);
    expect(kernel.groups()).toEqual([OWN, INSTANCE, `${INSTANCE}/supervisor`]);
    expect(await kernel.read(`${INSTANCE}/supervisor/cgroup.procs`)).toBe(`${FAKE_PID}\n`);
    expect(adviseCgroups(manager.support)).toEqual([]);
  });

  it('leaves everything as it was when it is closed, and closes twice', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    await createGroup(manager, limits);
    expect(await manager.close()).toEqual([]);
    expect(kernel.groups()).toEqual([OWN]);
    expect(await kernel.read(`${OWN}/cgroup.procs`)).toBe(`${FAKE_PID}\n`);
    expect(await kernel.read(`${OWN}/cgroup.subtree_control`)).toBe('\n');
    expect(await manager.close()).toEqual([]);
  });

  it('takes the helpers that were started before with it, there and back', async () => {
    const kernel = await delegated();
    const helper = FAKE_PID + 7;
    kernel.start(OWN, helper);
    const manager = await create(kernel, { helpers: [helper] });
    expect(manager.support.memory).toEqual(V2);
    expect(parsePids(await kernel.read(`${OWN}/cgroup.procs`))).toEqual([]);
    expect(parsePids(await kernel.read(`${INSTANCE}/supervisor/cgroup.procs`)).sort()).toEqual([FAKE_PID, helper]);
    expect(await manager.close()).toEqual([]);
    expect(parsePids(await kernel.read(`${OWN}/cgroup.procs`)).sort()).toEqual([FAKE_PID, helper]);
  });

  it('does not mind that a helper has ended', async () => {
    const manager = await create(await delegated(), { helpers: [FAKE_PID + 7] });
    expect(manager.support.memory).toEqual(V2);
  });

  it('moves nobody where others are in its group beside its helpers', async () => {
    const kernel = await delegated();
    const [helper, other] = [FAKE_PID + 7, FAKE_PID + 8];
    for (const pid of [helper, other]) kernel.start(OWN, pid);
    const manager = await create(kernel, { helpers: [helper] });
    const { memory } = manager.support;
    expect(memory).toMatchObject({ available: false, code: 'busy', reason: expect.stringContaining(`(${other})`) });
    expect(parsePids(await kernel.read(`${OWN}/cgroup.procs`)).sort()).toEqual([FAKE_PID, helper, other]);
  });

  it('takes the helpers that were started since back with it when it is closed', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    kernel.start(`${INSTANCE}/supervisor`, FAKE_PID + 7);
    expect(await manager.close()).toEqual([]);
    expect(await kernel.read(`${OWN}/cgroup.procs`)).toBe(`${FAKE_PID}\n${FAKE_PID + 7}\n`);
  });

  it('writes the limits of a task into its group', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    const task = await createGroup(manager, limits, { helperTasks: 2 });
    const directory = `${INSTANCE}/task-1`;
    expect(task.directories).toEqual([directory]);
    expect(task.setup.procsFiles).toEqual([`${directory}/cgroup.procs`]);
    const files = ['memory.max', 'memory.swap.max', 'memory.oom.group', 'memory.high', 'pids.max', 'cpu.max'];
    const values = await Promise.all(files.map((file) => kernel.read(`${directory}/${file}`)));
    expect(values).toEqual(['10000000\n', '0\n', '1\n', 'max\n', '22\n', '50000 100000\n']);
  });

  it('reads what a task used and which limits took effect', async () => {
    const kernel = await delegated();
    const task = await createGroup(await create(kernel), limits);
    const [directory] = task.directories;
    kernel.set(`${directory}/cpu.stat`, 'usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 3\n');
    kernel.set(`${directory}/memory.current`, '9000\n');
    kernel.set(`${directory}/memory.peak`, '9999\n');
    kernel.set(`${directory}/memory.stat`, 'anon 1\ninactive_file 100\nactive_file 20\nslab_reclaimable 3\nslab 9\n');
    kernel.set(`${directory}/pids.current`, '4\n');
    kernel.set(`${directory}/pids.peak`, '7\n');
    kernel.set(`${directory}/io.stat`, '8:0 rbytes=4096 wbytes=1 rios=1\n8:16 rbytes=4 wbytes=0\n');
    expect(await task.usage()).toEqual({
      cpuMs: 1.5,
      userMs: 1,
      systemMs: 0.5,
      memoryBytes: 9000,
      reclaimableBytes: 123,
      memoryPeakBytes: 9999,
      processes: 4,
      processPeak: 7,
      ioReadBytes: 4100,
      ioWriteBytes: 1,
    });
    expect(await task.memoryBytes()).toBe(9000);
    kernel.set(`${directory}/memory.events`, 'low 0\nhigh 5\nmax 12\noom 2\noom_kill 3\noom_group_kill 1\n');
    kernel.set(`${directory}/pids.events`, 'max 6\n');
    expect(await task.events()).toEqual({ oomKills: 3, memoryLimitHits: 12, processLimitHits: 6 });
  });

  it('says null, not 0, for what this kernel does not count and for a group that is gone', async () => {
    const kernel = await delegated(['memory', 'pids']);
    kernel.missing.add('memory.peak').add('pids.peak').add('pids.events');
    const task = await createGroup(await create(kernel), limits);
    const unknown = { memoryPeakBytes: null, processPeak: null, ioReadBytes: null, ioWriteBytes: null };
    expect(await task.usage()).toMatchObject({ cpuMs: 0, memoryBytes: 0, processes: 0, ...unknown });
    expect(await task.events()).toEqual({ oomKills: 0, memoryLimitHits: 0, processLimitHits: null });
    await task.remove();
    expect(new Set(Object.values(await task.usage()))).toEqual(new Set([null]));
    expect(new Set(Object.values(await task.events()))).toEqual(new Set([null]));
    expect(await task.pids()).toEqual([]);
  });

  it('nudges when memory nears its limit, and then no longer slows the task down', async () => {
    const kernel = await delegated();
    const task = await createGroup(await create(kernel), limits);
    const [directory] = task.directories;
    let nudges = 0;
    const watch = await task.watchMemory(() => nudges++);
    expect(await kernel.read(`${directory}/memory.high`)).toBe('8000000\n');
    kernel.set(`${directory}/memory.events`, 'high 1\nmax 0\noom_kill 0\n');
    expect(nudges).toBe(1);
    await expect.poll(() => kernel.read(`${directory}/memory.high`)).toBe('max\n');
    kernel.set(`${directory}/memory.events`, 'high 1\nmax 1\noom_kill 1\n');
    expect(nudges).toBe(2);
    watch![Symbol.dispose]();
    kernel.set(`${directory}/memory.events`, 'high 1\nmax 2\noom_kill 1\n');
    expect(nudges).toBe(2);
  });

  it('ends the watches of a task with the task', async () => {
    const kernel = await delegated();
    const task = await createGroup(await create(kernel), limits);
    await task.watchMemory(() => {});
    expect(kernel.watches).toBe(1);
    await task.remove();
    expect(kernel.watches).toBe(0);
  });

  it('has no watch for a task whose groups are gone', async () => {
    const kernel = await delegated();
    const task = await createGroup(await create(kernel), limits);
    await task.remove();
    expect(await task.watchMemory(() => {})).toBeNull();
    expect(kernel.watches).toBe(0);
  });

  it('kills everything in a task and below it, and removes its groups', async () => {
    const kernel = await delegated();
    const task = await createGroup(await create(kernel), limits);
    const [directory] = task.directories;
    await kernel.makeDirectory(`${directory}/nested`);
    kernel.start(directory!, FAKE_PID + 1);
    kernel.start(`${directory}/nested`, FAKE_PID + 2);
    expect(await task.pids()).toEqual([FAKE_PID + 1, FAKE_PID + 2]);
    expect(await task.kill()).toEqual([]);
    expect(await task.pids()).toEqual([]);
    await task.remove();
    await task.remove();
    expect(kernel.groups()).not.toContain(directory);
  });

  it('reports who would not die, and which group could not be removed', async () => {
    const kernel = await delegated();
    kernel.missing.add('cgroup.kill');
    const manager = await create(kernel);
    const task = await createGroup(manager, limits);
    kernel.start(task.directories[0]!, FAKE_PID + 1);
    expect(await task.kill({ timeoutMs: 20 })).toEqual([FAKE_PID + 1]);
    expect(await kernel.read(`${task.directories[0]}/cgroup.freeze`)).toBe('0\n');
    await expect(task.remove({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'EBUSY' });
    expect(await manager.close({ timeoutMs: 20 })).toEqual([INSTANCE]);
  });

  it('stops waiting for the death of a task when it is told to', async () => {
    const kernel = await delegated();
    kernel.missing.add('cgroup.kill');
    const task = await createGroup(await create(kernel), limits);
    kernel.start(task.directories[0]!, FAKE_PID + 1);
    const signal = AbortSignal.timeout(20);
    expect(await task.kill({ timeoutMs: 600_000, signal })).toEqual([FAKE_PID + 1]);
  });

  it('leaves nothing of a task whose limits the kernel refuses', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    kernel.forbidden.add(`${INSTANCE}/task-1/pids.max`);
    await expect(createGroup(manager, limits)).rejects.toMatchObject({
      kind: 'sandbox',
      code: 'cgroup_failed',
      message: `cannot write 20 to ${INSTANCE}/task-1/pids.max: EACCES`,
      details: { path: `${INSTANCE}/task-1/pids.max`, errno: 'EACCES' },
    });
    expect(kernel.groups()).toEqual([OWN, INSTANCE, `${INSTANCE}/supervisor`]);
  });

  it('leaves a group alone that somebody else has made', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    await kernel.makeDirectory(`${INSTANCE}/task-1`);
    await expect(createGroup(manager, limits)).rejects.toMatchObject({ details: { errno: 'EEXIST' } });
    expect(kernel.groups()).toContain(`${INSTANCE}/task-1`);
  });

  it.each(['', '..', 'a/b', 'a b', 'x'.repeat(65)])('refuses the id %j before anything is made', async (id) => {
    const kernel = await delegated();
    await create(kernel);
    await expect(CgroupManager.create(id, { files: kernel })).rejects.toMatchObject({ code: 'cgroup_id' });
    expect(kernel.groups()).toEqual([OWN, INSTANCE, `${INSTANCE}/supervisor`]);
  });

  it('tells which directories it may make before it makes them', async () => {
    const kernel = await delegated();
    const seen: unknown[] = [];
    await create(kernel, { record: async (directories) => void seen.push(directories, kernel.groups()) });
    expect(seen).toEqual([[INSTANCE], [OWN]]);
  });

  it('makes nothing where its directories cannot be written down', async () => {
    const kernel = await delegated();
    await expect(create(kernel, { record: () => Promise.reject(new Error('disk full')) })).rejects.toThrow('disk full');
    expect(kernel.groups()).toEqual([OWN]);
  });
});

describe('CgroupManager in a version 2 group that is not all its own', () => {
  it('hands no controllers down past other processes, and moves nobody', async () => {
    const kernel = await delegated();
    for (let index = 1; index <= 9; index++) kernel.start(OWN, FAKE_PID + index);
    const manager = await create(kernel);
    expect(unavailable(manager.support)).toEqual({ memory: 'busy', pids: 'busy', cpu: 'busy', io: 'busy' });
    expect(manager.support.memory).toMatchObject({
      reason: expect.stringMatching(/^\/fake\/scope also holds 9 other process\(es\) \(8000002, .*8000009, …\)/),
    });
    expect(manager.support).toMatchObject({ cpuTime: V2, kill: V2 });
    expect(kernel.groups()).toEqual([OWN, INSTANCE]);
    expect(await kernel.read(`${OWN}/cgroup.procs`)).toContain(`${FAKE_PID}\n`);
    expect(adviseCgroups(manager.support, machine())).toEqual([
      expect.stringMatching(/^memory, pids, cpu: let systemd .*systemd-run --user --scope .*Delegate=yes/),
    ]);
    const task = await createGroup(manager, limits);
    expect(task.directories).toEqual([`${INSTANCE}/task-1`]);
    expect(await task.watchMemory(() => {})).toBeNull();
  });

  it('uses the controllers that are handed down and says which are not', async () => {
    const kernel = await delegated(['memory', 'pids']);
    const manager = await create(kernel);
    expect(unavailable(manager.support)).toEqual({ cpu: 'not_delegated', io: 'not_delegated' });
    expect(manager.support.cpu).toMatchObject({ reason: `cpu is not in ${OWN}/cgroup.controllers` });
    expect(adviseCgroups(manager.support, machine())).toEqual([
      expect.stringMatching(/^cpu: have systemd hand .*Delegate=cpu/),
    ]);
    await manager.close();
    expect(kernel.groups()).toEqual([OWN]);
  });

  it('names the directory in which it may not make a group', async () => {
    const kernel = await delegated();
    kernel.forbidden.add(OWN);
    const manager = await create(kernel);
    expect(new Set(Object.values(unavailable(manager.support)))).toEqual(new Set(['not_writable']));
    expect(manager.support.kill).toMatchObject({ reason: `making ${INSTANCE}: EACCES` });
    expect(manager.directories).toEqual([]);
    expect((await createGroup(manager, limits)).setup.procsFiles).toEqual([]);
  });

  it.each([
    ['move itself', `${INSTANCE}/supervisor/cgroup.procs`, 'moving this process into'],
    ['hand controllers down', `${OWN}/cgroup.subtree_control`, 'enabling memory below'],
  ])('goes on without controllers where it may not %s', async (_what, path, reason) => {
    const kernel = await delegated();
    kernel.forbidden.add(path);
    const manager = await create(kernel);
    expect(unavailable(manager.support)).toMatchObject({ memory: 'not_writable', pids: 'not_writable' });
    expect(manager.support.memory).toMatchObject({ reason: expect.stringContaining(reason) });
    expect(manager.support.kill).toEqual(V2);
    await manager.close();
    expect(kernel.groups()).toEqual([OWN]);
    expect(await kernel.read(`${OWN}/cgroup.procs`)).toBe(`${FAKE_PID}\n`);
  });

  it('makes nothing below a group that does not hold this process', async () => {
    const kernel = await delegated();
    await kernel.makeDirectory('/fake/other');
    const manager = await create(kernel, { path: '/other' });
    expect(new Set(Object.values(unavailable(manager.support)))).toEqual(new Set(['outside']));
    expect(kernel.groups()).toEqual([OWN, '/fake/other']);
  });

  it('makes nothing where its own group is not to be seen', async () => {
    const kernel = await delegated();
    const manager = await create(kernel, { path: '/elsewhere/scope', mountRoot: '/container' });
    expect(manager.support.memory).toEqual({
      available: false,
      code: 'outside',
      reason: 'the version 2 hierarchy is mounted without the own group /elsewhere/scope',
    });
    expect(kernel.groups()).toEqual([OWN]);
  });

  it('makes nothing in a threaded subtree', async () => {
    const kernel = await delegated();
    kernel.types.set(OWN, 'threaded');
    const manager = await create(kernel);
    expect(manager.support.kill).toMatchObject({
      code: 'unsupported',
      reason: `${OWN}/cgroup.type is 'threaded', not 'domain'`,
    });
  });

  it('stays where it is at the root of the hierarchy, which alone may hold processes and hand down', async () => {
    const kernel = new FakeCgroup2(EVERYTHING);
    kernel.start('/fake', FAKE_PID);
    kernel.start('/fake', 1);
    const manager = await create(kernel, { path: '/' });
    expect(unavailable(manager.support)).toEqual({});
    expect(kernel.groups()).toEqual(['/fake/exec-sidecar-i1']);
    await manager.close();
    expect(await kernel.read('/fake/cgroup.subtree_control')).toBe('\n');
  });

  it('takes back only what it handed down itself', async () => {
    const kernel = new FakeCgroup2(EVERYTHING);
    kernel.start('/fake', FAKE_PID);
    await kernel.write('/fake/cgroup.subtree_control', '+memory');
    await (await create(kernel, { path: '/' })).close();
    expect(await kernel.read('/fake/cgroup.subtree_control')).toBe('memory\n');
  });

  it('still kills by freezing on a kernel without cgroup.kill, and says so of one without both', async () => {
    const kernel = await delegated();
    kernel.missing.add('cgroup.kill');
    expect((await create(kernel)).support.kill).toEqual(V2);
    const older = await delegated();
    older.missing.add('cgroup.kill').add('cgroup.freeze');
    expect(unavailable((await create(older)).support)).toEqual({ kill: 'unsupported' });
  });

  it('has nothing on a system without cgroups', async () => {
    const kernel = await delegated();
    const manager = await CgroupManager.create('i1', { files: kernel, procDirectory: '/nonexistent' });
    expect(new Set(Object.values(unavailable(manager.support)))).toEqual(new Set(['unsupported']));
    expect(adviseCgroups(manager.support)).toHaveLength(1);
  });
});

describe('sweepCgroups in version 2', () => {
  it('removes what a dead instance left, with what still runs there', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    const task = await createGroup(manager, limits);
    kernel.start(task.directories[0]!, FAKE_PID + 1);
    const gone = await sweepCgroups(manager.directories, { files: kernel });
    expect(gone).toEqual({ gone: [INSTANCE], left: [] });
    expect(kernel.groups()).toEqual([OWN]);
  });

  it('calls gone what is gone already', async () => {
    const kernel = await delegated();
    expect(await sweepCgroups([INSTANCE], { files: kernel })).toEqual({ gone: [INSTANCE], left: [] });
  });

  it.each([
    ['/fake/scope', "'scope' is not the name of an instance's group"],
    ['/fake/exec-sidecar-', "'exec-sidecar-' is not the name of an instance's group"],
  ])('leaves %s alone', async (directory, reason) => {
    const kernel = await delegated();
    const swept = await sweepCgroups([directory], { files: kernel });
    expect(swept).toEqual({ gone: [], left: [{ directory, reason }] });
    expect(kernel.groups()).toEqual([OWN]);
  });

  it('leaves a directory that is no cgroup', async () => {
    const directory = `${procDirectory({ cgroup: '', mountinfo: '' })}/exec-sidecar-i1`;
    mkdirSync(directory);
    expect(await sweepCgroups([directory])).toEqual({ gone: [], left: [{ directory, reason: 'it is not a cgroup' }] });
    expect(existsSync(directory)).toBe(true);
  });

  it('leaves an instance in one of whose tasks this process runs itself', async () => {
    const kernel = await delegated();
    await kernel.makeDirectory(INSTANCE);
    await kernel.makeDirectory(`${INSTANCE}/task-1`);
    kernel.start(`${INSTANCE}/task-1`, process.pid);
    const left = [{ directory: INSTANCE, reason: 'this process is in a group of a task' }];
    expect(await sweepCgroups([INSTANCE], { files: kernel })).toEqual({ gone: [], left });
  });

  it('moves the helpers of the dead instance, this process too, back into the own group', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    await createGroup(manager, limits);
    kernel.start(`${INSTANCE}/supervisor`, process.pid);
    expect(await sweepCgroups([INSTANCE], { files: kernel })).toEqual({ gone: [INSTANCE], left: [] });
    expect(kernel.groups()).toEqual([OWN]);
    expect(await kernel.read(`${OWN}/cgroup.procs`)).toBe(`${FAKE_PID}\n${process.pid}\n`);
    expect(await kernel.read(`${OWN}/cgroup.subtree_control`)).toBe('\n');
  });

  it('says what the kernel refused', async () => {
    const kernel = await delegated();
    const manager = await create(kernel);
    kernel.forbidden.add(`${OWN}/cgroup.procs`);
    const { gone, left } = await sweepCgroups(manager.directories, { files: kernel });
    expect(gone).toEqual([]);
    expect(left).toEqual([{ directory: INSTANCE, reason: `EACCES: ${OWN}/cgroup.procs` }]);
  });
});
