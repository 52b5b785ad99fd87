import type { CgroupManager, TaskCgroup } from '../../../src/sandbox/cgroup/index.js';

/** The groups of a task, made without anybody who starts a process in them. */
export async function createGroup(
  manager: CgroupManager,
  ...task: Parameters<CgroupManager['planGroup']>
): Promise<TaskCgroup> {
  const group = manager.planGroup(...task);
  await group.make();
  return group;
}
