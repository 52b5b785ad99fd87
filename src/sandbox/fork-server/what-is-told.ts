import { getSystemErrorName } from 'node:util';
import { type GroupSetup, groupsNotMade } from '../cgroup/index.js';
import type { CommandExit } from '../command-exit.js';
import { SandboxError } from '../errors.js';
import { noDirectory } from '../no-directory.js';
import { signalName } from '../signal-name.js';
import type { Report } from './reports.js';

/** How a process ended, from its status as wait(2) gives it and the number of orphans at that moment, where known. */
export function exitOf(status: number, orphans: number | null): CommandExit {
  const leftNobody = orphans === 0;
  const signal = status & 0x7f;
  if (signal !== 0) return { exitCode: null, signal: signalName(signal), leftNobody };
  return { exitCode: status >> 8, signal: null, leftNobody };
}

/**
 * @param code that of the error, where the failure is none of groups and directories
 * @param what what could not be done then
 */
export function setupFailure(
  { errno, at }: Extract<Report, { kind: 'failed' | 'refused' }>,
  { groups, directories }: { readonly groups: GroupSetup | null; readonly directories: readonly string[] },
  code: string,
  what: string,
): SandboxError {
  const reason = getSystemErrorName(-errno);
  if (directories.includes(at)) return noDirectory(at, reason);
  if (groups !== null && [...groups.directories, ...groups.writes.map(({ path }) => path)].includes(at)) {
    return groupsNotMade(groups, at, reason);
  }
  if (groups?.procsFiles.includes(at)) {
    const message = `the task cannot join its cgroup: writing ${at} failed (${reason})`;
    return new SandboxError('sandbox', 'cgroup_failed', message, { path: at });
  }
  return new SandboxError('sandbox', code, `${what}: ${at}: ${reason}`, { code: reason });
}
