import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCode } from './error-code.js';
import { type ProcessEntry, type ProcessIdentity, parseProcStat } from './process-entry.js';

/**
 * Reads every process that the sidecar can see: from /proc on Linux, from `ps` elsewhere.
 * @throws where neither can be read
 */
export async function readProcesses(): Promise<ProcessEntry[]> {
  if (process.platform === 'linux') return procReader.read();
  const { readPs } = await import('./ps-reader.js');
  return readPs();
}

/**
 * The identity of a process that is known to be there, alive or not yet reaped. Its start is not known off Linux, nor
 * where this process is out of descriptors.
 */
export function identify(pid: number): ProcessIdentity {
  try {
    const entry = process.platform === 'linux' ? readProcess(pid) : null;
    return { pid, startTime: entry?.startTime ?? null };
  } catch {
    return { pid, startTime: null };
  }
}

/** After so many reads the event loop gets its turn: about a millisecond. */
const READS_PER_TURN = 64;

/**
 * Processes that are older than this one belong to no task of it, and are read again only when they were not read for
 * so long. Until then no pid can have gone once round and come to another process.
 */
const ELDER_MAX_AGE_MS = 250;

interface Elder {
  readonly entry: ProcessEntry;
  readonly readAt: number;
}

/** Reads /proc. Synchronously, in slices: through the thread pool the same costs several times as much. */
class ProcReader {
  #elders: ReadonlyMap<number, Elder> = new Map();

  async read(): Promise<ProcessEntry[]> {
    const ownStart = identify(process.pid).startTime ?? 0;
    const readAt = performance.now();
    const entries: ProcessEntry[] = [];
    const elders = new Map<number, Elder>();
    let reads = 0;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const known = this.#elders.get(pid);
      const recent = known !== undefined && readAt - known.readAt < ELDER_MAX_AGE_MS;
      const entry = recent ? known.entry : readProcess(pid);
      if (entry === null) continue;
      entries.push(entry);
      if (entry.startTime < ownStart) elders.set(pid, recent ? known : { entry, readAt });
      if (!recent && ++reads % READS_PER_TURN === 0) await nextTurn();
    }
    this.#elders = elders;
    return entries;
  }
}

const procReader = new ProcReader();

const statBuffer = Buffer.allocUnsafe(4_096);

/** The sidecar's own want, which tells nothing about the process that it could not read. */
const EXHAUSTION: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * The process as it is now; null where there is none, or it is hidden from this user. Linux only.
 * @throws where descriptors or memory are short: who took that for the end of a process would leave it running
 */
export function readProcess(pid: number): ProcessEntry | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(`/proc/${pid}/stat`, 'r');
    const length = readSync(descriptor, statBuffer, 0, statBuffer.length, 0);
    return parseProcStat(pid, statBuffer.toString('latin1', 0, length));
  } catch (error) {
    if (EXHAUSTION.has(errorCode(error))) throw error;
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** The children of a process at this moment, those of its first thread; none where it is gone. Linux only. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
