import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { isDead, type ProcessEntry, type ProcessIdentity } from './process-entry.js';
import { identify, readProcess } from './process-reader.js';
import { processTable } from './process-table.js';

/** Who an instance directory belongs to, so that it can be told whether its owner still lives. */
export interface Owner extends ProcessIdentity {
  readonly host: string;
  /** Changes with every boot; null where the system does not tell. */
  readonly bootId: string | null;
  /** Pids mean something only inside it; null where the system does not tell. */
  readonly pidNamespace: string | null;
}

/** `unknown`: it lives, or lived, where this process cannot see it: another machine, another pid namespace. */
export type OwnerState = 'alive' | 'dead' | 'died-with-an-earlier-boot' | 'unknown';

/** This process. */
export function ownIdentity(): Owner {
  return {
    ...identify(process.pid),
    host: hostname(),
    bootId: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
  };
}

export function writeOwner(path: string): void {
  writeFileSync(path, `${JSON.stringify(ownIdentity())}\n`, { flag: 'wx', mode: 0o600 });
}

/** The owner that a file names, or null where there is none to be read. */
async function readOwner(path: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner;
  } catch {
    return null;
  }
}

/** For so long a directory may be without its owner's file: it is just being made. */
const MAKING_MS = 60_000;

/**
 * The state of the owner that a file in a directory of its names. Where there is no such file, it is the age of the
 * directory that tells: one is made with it, and may have lost it when it was removed by half.
 * @throws where the directory is not there
 */
export async function stateOfOwner(path: string): Promise<OwnerState> {
  const owner = await readOwner(path);
  if (owner !== null) return ownerState(owner);
  const { mtimeMs } = await stat(dirname(path));
  return Date.now() - mtimeMs < MAKING_MS ? 'unknown' : 'dead';
}

async function ownerState(owner: Owner): Promise<OwnerState> {
  const here = ownIdentity();
  if (owner.host !== here.host) return 'unknown';
  if (owner.bootId !== here.bootId) return 'died-with-an-earlier-boot';
  if (owner.pidNamespace !== here.pidNamespace) return 'unknown';
  const entry = await processOf(owner.pid);
  const lives = entry !== null && !isDead(entry) && (owner.startTime ?? entry.startTime) === entry.startTime;
  return lives ? 'alive' : 'dead';
}

/** On Linux a look at the one process, where others have to list all of them. */
async function processOf(pid: number): Promise<ProcessEntry | null> {
  if (process.platform === 'linux') return readProcess(pid);
  return (await processTable.scan(0)).entries.get(pid) ?? null;
}

function attempt(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
