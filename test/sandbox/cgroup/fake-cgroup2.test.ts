import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type CgroupFiles, kernelCgroupFiles } from '../../../src/sandbox/cgroup/cgroup-files.js';
import { locateOwnGroups } from '../../../src/sandbox/cgroup/own-groups.js';
import { FAKE_PID, FakeCgroup2 } from './fake-cgroup2.js';

describe('the fake version 2 hierarchy', () => {
  const root = rootOfKernel();

  it.skipIf(root === null)('answers every step as the kernel does', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const real = await takeSteps(kernelCgroupFiles, root!, child.pid!);
      const fake = new FakeCgroup2(['hugetlb']);
      fake.start(fake.mountPoint, FAKE_PID);
      expect(await takeSteps(fake, fake.mountPoint, FAKE_PID)).toEqual(real);
      expect(real).toContainEqual(['hand down from a group with a process', 'EBUSY']);
      expect(real.at(-1)).toEqual(['remove the group', 'ok']);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

/** The root of a version 2 hierarchy that has a controller nobody uses and that can be written to, or null. */
function rootOfKernel(): string | null {
  if (!existsSync('/proc/self/cgroup') || process.getuid?.() !== 0) return null;
  const own = locateOwnGroups(readFileSync('/proc/self/cgroup', 'utf8'), readFileSync('/proc/self/mountinfo', 'utf8'));
  const directory = own.find(({ version }) => version === 2)?.directory ?? null;
  if (directory === null || existsSync(`${directory}/cgroup.type`)) return null;
  const offered = readFileSync(`${directory}/cgroup.controllers`, 'utf8').includes('hugetlb');
  const used = readFileSync(`${directory}/cgroup.subtree_control`, 'utf8').includes('hugetlb');
  return offered && !used ? directory : null;
}

/** Does the same things below the root of a hierarchy and notes how each ended. */
async function takeSteps(files: CgroupFiles, root: string, pid: number): Promise<[string, string][]> {
  const group = `${root}/conformance-${randomUUID()}`;
  const leaf = `${group}/leaf`;
  const notes: [string, string][] = [];
  const step = async (what: string, action: () => unknown): Promise<void> => {
    try {
      const value = await action();
      notes.push([what, value === undefined ? 'ok' : JSON.stringify(value)]);
    } catch (error) {
      notes.push([what, (error as NodeJS.ErrnoException).code ?? 'none']);
    }
  };
  const handDown = (directory: string, text: string) => () => files.write(`${directory}/cgroup.subtree_control`, text);
  const moveTo = (directory: string) => () => files.write(`${directory}/cgroup.procs`, `${pid}`);
  try {
    await step('make a group', () => files.makeDirectory(group));
    await step('make it again', () => files.makeDirectory(group));
    await step('make one below a missing one', () => files.makeDirectory(`${root}/missing-${pid}/x`));
    await step('hand down what is not handed to it', handDown(group, '+hugetlb'));
    await step('hand down what does not exist', handDown(root, '+memory'));
    await step('hand down from the root, which has processes', handDown(root, '+hugetlb'));
    await step('read the controllers', () => files.read(`${group}/cgroup.controllers`));
    await step('read the type', () => files.read(`${group}/cgroup.type`));
    await step('read the type of the root', () => files.read(`${root}/cgroup.type`));
    await step('write a file that is not there', () => files.write(`${group}/memory.max`, '1'));
    await step('read a limit', async () => (await files.read(`${group}/hugetlb.2MB.max`)) !== '');
    await step('make a leaf', () => files.makeDirectory(leaf));
    await step('move a process into the group', moveTo(group));
    await step('read its processes', async () => (await files.read(`${group}/cgroup.procs`)) === `${pid}\n`);
    await step('hand down from a group with a process', handDown(group, '+hugetlb'));
    await step('move it on into the leaf', moveTo(leaf));
    await step('hand down from the empty group', handDown(group, '+hugetlb'));
    await step('read what it hands down', () => files.read(`${group}/cgroup.subtree_control`));
    await step('move the process back into the group', moveTo(group));
    await step('take back from the root what is in use', handDown(root, '-hugetlb'));
    await step('remove a group with a child', () => files.removeDirectory(group));
    await step('remove a group with a process', () => files.removeDirectory(leaf));
    await step('list the children', () => files.children(group));
    await step('freeze nothing', () => files.write(`${leaf}/cgroup.freeze`, '0'));
    await step('kill all', () => files.write(`${leaf}/cgroup.kill`, '1'));
    await until(async () => (await files.read(`${leaf}/cgroup.procs`)) === '');
    await step('kill none', () => files.write(`${leaf}/cgroup.kill`, '1'));
    await step('kill the root', () => files.write(`${root}/cgroup.kill`, '1'));
    await step('remove the empty leaf', () => files.removeDirectory(leaf));
    await step('read a group that is gone', () => files.read(`${leaf}/cgroup.procs`));
    await step('take back', handDown(group, '-hugetlb'));
    await step('take back from the root', handDown(root, '-hugetlb'));
    await step('take back what is not handed down', handDown(root, '-hugetlb'));
    await step('remove the group', () => files.removeDirectory(group));
  } finally {
    for (const action of [
      () => files.removeDirectory(leaf),
      () => files.removeDirectory(group),
      handDown(root, '-hugetlb'),
    ]) {
      await action().catch(() => {});
    }
  }
  return notes;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(2);
}
