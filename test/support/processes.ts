import { readdirSync, readFileSync } from 'node:fs';

/** Whether a process with this id runs. One that is dead and has only not been waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const stat = readStat(pid);
  return stat !== undefined && stat.state !== 'Z';
}

/** The processes that run and descend from a process, from /proc. Those whose parent has died belong to init by then. */
export function descendantsOf(pid: number): number[] {
  const family = new Set([pid]);
  const parents = new Map(allPids().map((candidate) => [candidate, readStat(candidate)?.parent]));
  // Whoever is added may be the parent of one that was passed over.
  for (let known = 0; known < family.size; ) {
    known = family.size;
    for (const [candidate, parent] of parents) if (parent !== undefined && family.has(parent)) family.add(candidate);
  }
  family.delete(pid);
  return [...family].filter(isAlive);
}

/** The processes that run and have a variable in their environment, with this value or any, from /proc. */
export function pidsWithEnvironment(name: string, value?: string): number[] {
  const matches = (variable: string) =>
    value === undefined ? variable.startsWith(`${name}=`) : variable === `${name}=${value}`;
  return allPids().filter((pid) => readProc(pid, 'environ').split('\0').some(matches) && isAlive(pid));
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** Undefined where the process is gone or there is no /proc: there a dead process is alive until it is waited for. */
function readStat(pid: number): { readonly state: string; readonly parent: number } | undefined {
  const stat = readProc(pid, 'stat');
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state && parent ? { state, parent: Number(parent) } : undefined;
}

function readProc(pid: number, file: 'stat' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
