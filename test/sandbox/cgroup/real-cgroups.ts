import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import {
  type CgroupFeature,
  type CgroupLimits,
  CgroupManager,
  type CgroupManagerOptions,
  probeCgroups,
  type TaskCgroup,
} from '../../../src/sandbox/cgroup/index.js';

/** What the kernel of this machine lets tests do. */
export const realSupport = await probeCgroups();

/** Why a test cannot have the features here, or an empty string where it can: to be added to the title. */
export function whyNot(...features: CgroupFeature[]): string {
  const reasons = features.flatMap((feature) => {
    const found = realSupport[feature];
    return found.available ? [] : [`${feature}: ${found.reason}`];
  });
  return reasons.length === 0 ? '' : ` (skipped: ${reasons.join('; ')})`;
}

export const hasPython = spawnSync('python3', ['-V']).status === 0;

export const ROOMY: CgroupLimits = { memoryBytes: 512 * 1024 * 1024, processes: 1_000, cpuPercent: null };

/** A manager on the running kernel, closed when the test ends; the test fails where something of it is left. */
export async function openManager(options: CgroupManagerOptions = {}): Promise<CgroupManager> {
  const manager = await CgroupManager.create(`test-${randomUUID()}`, options);
  onTestFinished(async () => {
    const left = await manager.close();
    const existing = manager.directories.filter((directory) => existsSync(directory));
    if (left.length + existing.length > 0) throw new Error(`left behind: ${[...left, ...existing].join(', ')}`);
  });
  return manager;
}

/** A command that joins the task's groups before it is executed. Killed at the end of the test, if it still runs. */
export function start(task: Pick<TaskCgroup, 'setup'>, command: readonly string[]): RunningCommand {
  const join = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done; shift; exec "$@"';
  const child = spawn('/bin/sh', ['-c', join, 'sh', ...task.setup.procsFiles, '--', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  return { child, ended, output: () => output };
}

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  /** What it has written to stdout so far. */
  output(): string;
}

/** What the kernel says of this process, without the hierarchies whose line in `/proc/self/cgroup` matches. */
export function ownGroupsWithout(lines: RegExp): { cgroup: string; mountinfo: string } {
  const memberships = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  return {
    cgroup: memberships.filter((line) => !lines.test(line)).join('\n'),
    mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
  };
}

/** Whether a process exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The instance's directory in the hierarchy that has this file. */
export function directoryWith(manager: CgroupManager, file: string): string {
  const found = manager.directories.find((directory) => existsSync(`${directory}/${file}`));
  if (found === undefined) throw new Error(`no directory of the instance has ${file}`);
  return found;
}
