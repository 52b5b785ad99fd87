import { onTestFinished } from 'vitest';
import { CgroupManager, type TaskCgroup } from '../../../src/sandbox/cgroup/index.js';
import { createGroup } from './create-group.js';
import { FAKE_PID, FakeCgroup2 } from './fake-cgroup2.js';
import { procDirectory } from './proc-directory.js';

export interface FakeTask {
  readonly cgroup: TaskCgroup;
  /** Sets what the kernel says in the files of the task's group. */
  say(files: Readonly<Record<string, string>>): void;
}

/** A task's group in a version 2 hierarchy that has these controllers. Closed when the test ends. */
export async function fakeTask(
  controllers: readonly string[] = ['memory', 'pids', 'cpu', 'io'],
  memoryBytes = 10_000_000,
): Promise<FakeTask> {
  const kernel = new FakeCgroup2(controllers);
  kernel.start('/fake', FAKE_PID);
  const proc = procDirectory({ cgroup: '0::/\n', mountinfo: '31 23 0:28 / /fake rw - cgroup2 cgroup2 rw\n' });
  const manager = await CgroupManager.create('test', { files: kernel, pid: FAKE_PID, procDirectory: proc });
  onTestFinished(async () => void (await manager.close()));
  const cgroup = await createGroup(manager, { memoryBytes, processes: 20, cpuPercent: null });
  return {
    cgroup,
    say: (files) => {
      for (const [name, text] of Object.entries(files)) kernel.set(`${cgroup.directories[0]}/${name}`, text);
    },
  };
}

export function cpuStat(userMs: number, systemMs: number): string {
  return `usage_usec ${(userMs + systemMs) * 1_000}\nuser_usec ${userMs * 1_000}\nsystem_usec ${systemMs * 1_000}\n`;
}
