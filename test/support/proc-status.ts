import { readFileSync } from 'node:fs';

/**
 * A field of /proc/<pid>/status as it stands there; empty where the kernel does not have it, as of a process that is dead.
 * @throws where the process is gone
 */
export function statusField(pid: number, field: string): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${field}:\\s+(.+)$`, 'm').exec(status)?.[1] ?? '';
}

/** A field that is an amount of memory, in bytes; NaN where the kernel does not have it. */
export function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM' | 'VmData'): number {
  return Number.parseInt(statusField(pid, field), 10) * 1_024;
}
