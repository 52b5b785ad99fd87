import { readFile } from 'node:fs/promises';
import { isDead, type ProcessEntry } from './process-entry.js';

/** The environment variables by which a process tells whose it is, wherever it has gone in the process tree. */
export const INSTANCE_MARKER = 'EXEC_SIDECAR_INSTANCE';
export const EXECUTION_MARKER = 'EXEC_SIDECAR_EXECUTION_ID';

export interface ProcessMarkers {
  readonly instanceId: string;
  readonly executionId: string | null;
}

/**
 * Reads the markers out of the environments of processes, each once: a process has those of its parent from its
 * first moment on and cannot gain others. Only Linux shows the environment of a process, and only to its own user.
 */
export class MarkerReader {
  readonly #remembered = new Map<number, { readonly startTime: number; readonly markers: ProcessMarkers | null }>();

  /** How many processes are remembered. */
  get size(): number {
    return this.#remembered.size;
  }

  /** The markers of a process; null where it has none, is gone, or does not let its environment be read. */
  async read(entry: ProcessEntry): Promise<ProcessMarkers | null> {
    if (process.platform !== 'linux' || isDead(entry) || isKernelThread(entry)) return null;
    const known = this.#remembered.get(entry.pid);
    if (known?.startTime === entry.startTime) return known.markers;
    const environment = await readEnvironment(entry.pid);
    const markers = environment === null ? null : parseMarkers(environment);
    // An empty environment may be that of a process in the middle of execve: it is looked at again.
    if (environment !== '') this.#remembered.set(entry.pid, { startTime: entry.startTime, markers });
    return markers;
  }

  /**
   * Forgets the processes that are gone, given all that are there, by pid. It does so when about half of those that are
   * remembered are gone, so that it costs little for each.
   */
  forgetGone(living: ReadonlyMap<number, unknown>): void {
    if (this.#remembered.size <= 2 * living.size) return;
    for (const pid of this.#remembered.keys()) if (!living.has(pid)) this.#remembered.delete(pid);
  }
}

/** The reader that all tasks of this process share. */
export const markerReader = new MarkerReader();

function isKernelThread({ pgid }: ProcessEntry): boolean {
  return pgid === 0;
}

/** Through the thread pool: this one read waits for the process where the kernel holds its memory map. */
async function readEnvironment(pid: number): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return null;
  }
}

function parseMarkers(environment: string): ProcessMarkers | null {
  const variables = environment.split('\0');
  const valueFor = (name: string) => {
    const variable = variables.find((candidate) => candidate.startsWith(`${name}=`));
    return variable === undefined ? null : detached(variable.slice(name.length + 1));
  };
  const instanceId = valueFor(INSTANCE_MARKER);
  return instanceId === null ? null : { instanceId, executionId: valueFor(EXECUTION_MARKER) };
}

/** A string of its own: a slice would keep the whole environment that it was cut from, which may be large. */
function detached(slice: string): string {
  return Buffer.from(slice, 'latin1').toString('latin1');
}
