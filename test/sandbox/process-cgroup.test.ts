import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { realSupport, whyNot } from './cgroup/real-cgroups.js';
import { commandSpec, finish, script, TestSandbox } from './support/sandbox.js';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await TestSandbox.open();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const isVersion1 = realSupport.memory.available && realSupport.memory.mechanism === 'cgroup-v1';

/** Runs a command to the end and lets its container go; tells the group of memory that it was in. */
async function groupOf(command: Parameters<TestSandbox['start']>[0]): Promise<string> {
  const container = await sandbox.container();
  const process = await sandbox.manager.executeInContainer(container, command);
  const { stdout } = await finish(process);
  await sandbox.manager.cleanupContainer(container);
  return stdout.split('\n').find((line) => line.includes(':memory:')) ?? 'none';
}

const tell = commandSpec('cat', ['/proc/self/cgroup']);

/** The group that the next task is to have: found as soon as the kernel has freed the memory of those before. */
function nextGroup(): Promise<string> {
  return vi.waitFor(async () => {
    const group = await groupOf(tell);
    expect(group).toContain(':memory:');
    expect(await groupOf(tell)).toBe(group);
    return group;
  });
}

describe.skipIf(!isVersion1)(`the cgroup of a command under the process backend (version 1)${whyNot('memory')}`, () => {
  it('is that of a task before it which has left it as it was', async () => {
    await nextGroup();
  });

  it('is never one in which a task has left somebody, killed though he is', async () => {
    const group = await nextGroup();
    expect(await groupOf(script('sleep 60 > /dev/null 2>&1 & cat /proc/self/cgroup'))).toBe(group);
    expect(await groupOf(tell)).not.toBe(group);
  });

  it('is never one in which a command was to be started that could not be', async () => {
    const group = await nextGroup();
    const container = await sandbox.container();
    await expect(sandbox.manager.executeInContainer(container, commandSpec('no-such-command'))).rejects.toThrow();
    await sandbox.manager.cleanupContainer(container);
    expect(await groupOf(tell)).not.toBe(group);
  });
});
