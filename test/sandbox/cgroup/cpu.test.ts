import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createGroup } from './create-group.js';
import { procDirectory } from './proc-directory.js';
import { directoryWith, openManager, ownGroupsWithout, ROOMY, realSupport, start, whyNot } from './real-cgroups.js';

const isVersion1 = realSupport.cpu.available && realSupport.cpu.mechanism === 'cgroup-v1';

/** Works until it has used this much CPU time, then prints exactly how much it used. */
const work = (milliseconds: number): string[] => [
  'node',
  '-e',
  `const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
   while (used() < ${milliseconds}); console.log(used());`,
];

/** The versions that can measure, by the hierarchies that are hidden. */
const versions = [
  ['as the machine has it', /^$/],
  ['in version 1', /^0::/],
] as const;

describe.skipIf(!realSupport.cpuTime.available).each(versions)(`CPU time %s${whyNot('cpuTime')}`, (_name, hidden) => {
  const open = () => openManager({ procDirectory: procDirectory(ownGroupsWithout(hidden)) });

  it('is that of the process', async () => {
    const task = await createGroup(await open(), ROOMY);
    const command = start(task, work(300));
    await command.ended;
    const { cpuMs, userMs, systemMs } = await task.usage();
    const own = Number(command.output());
    expect(cpuMs).toBeGreaterThanOrEqual(own * 0.98);
    expect(cpuMs).toBeLessThan(own + 250);
    expect(userMs).toBeGreaterThan(0);
    expect(systemMs).toBeGreaterThanOrEqual(0);
    expect(Math.abs(userMs! + systemMs! - cpuMs!)).toBeLessThan(1);
  });

  it('is that of all children, those that ended too', async () => {
    const task = await createGroup(await open(), ROOMY);
    const [program, ...args] = work(120);
    const script = 'for i in 1 2 3; do "$@" & done; wait; "$@"';
    const command = start(task, ['/bin/sh', '-c', script, 'sh', program!, ...args]);
    await command.ended;
    const own = command.output().trim().split('\n').map(Number);
    expect(own).toHaveLength(4);
    expect((await task.usage()).cpuMs).toBeGreaterThanOrEqual(own.reduce((sum, used) => sum + used, 0) * 0.98);
  });

  it('is known of a task that lasts a few milliseconds', async () => {
    const task = await createGroup(await open(), ROOMY);
    await start(task, ['/bin/true']).ended;
    const { cpuMs } = await task.usage();
    expect(cpuMs).toBeGreaterThan(0);
    expect(cpuMs).toBeLessThan(1_000);
  });
});

describe.skipIf(!realSupport.cpu.available)(`the CPU rate of a task's group${whyNot('cpu')}`, () => {
  const rate = async (cpuPercent: number, instancePercent: number | null): Promise<number> => {
    const manager = await openManager();
    if (instancePercent !== null) {
      const directory = directoryWith(manager, 'cpu.cfs_quota_us');
      writeFileSync(`${directory}/cpu.cfs_quota_us`, `${instancePercent * 1_000}`);
    }
    const task = await createGroup(manager, { ...ROOMY, cpuPercent });
    const begin = performance.now();
    await start(task, work(400)).ended;
    return ((await task.usage()).cpuMs! / (performance.now() - begin)) * 100;
  };

  it('holds a task that would use a whole core down to its share', async () => {
    expect(await rate(20, null)).toBeLessThan(30);
  });

  it.skipIf(!isVersion1)('above the cap of a group further up leaves that cap in force', async () => {
    expect(await rate(400, 20)).toBeLessThan(30);
  });
});
