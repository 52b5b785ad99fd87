import { readFile } from 'node:fs/promises';
import { isDead, type ProcessEntry } from './process-entry.js';

/** The environment variables by which a process tells whose it is, wherever it has gone in the process tree. */
export const INSTANCE_MARKER = 'EXEC_SIDECAR_INSTANCE';
export const EXECUTION_MARKER = 'EXEC_SIDECAR_EXECUTION_ID';

export interface ProcessMarkers {
  readonly instanceId: string;
  readonly executionId: string | null;
}

/** Every process is looked at once; past this many the memory of them starts afresh. */
const MAX_REMEMBERED = 8_192;

/**
 * Reads the markers out of the environments of processes, each once: a process has those of its parent from its
 * first moment on and cannot gain others. Only Linux shows the environment of a process, and only to its own user.
 */
export class MarkerReader {
  readonly #remembered = new Map<number, { readonly startTime: number; readonly markers: ProcessMarkers | null }>();

  /** The markers of a process; null where it has none, is gone, or does not let its environment be read. */
  async read(entry: ProcessEntry): Promise<ProcessMarkers | null> {
    if (process.platform !== 'linux' || isDead(entry) || isKernelThread(entry)) return null;
    const known = this.#remembered.get(entry.pid);
    if (known?.startTime === entry.startTime) return known.markers;
    const environment = await readEnvironment(entry.pid);
    const markers = environment === null ? null : parseMarkers(environment);
    // An empty environment may be that of a process in the middle of execve: it is looked at again.
    if (environment !== '') this.#remember(entry, markers);
    return markers;
  }

  #remember({ pid, startTime }: ProcessEntry, markers: ProcessMarkers | null): void {
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(pid, { startTime, markers });
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
  const valueFor = (name: string) =>
    variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  const instanceId = valueFor(INSTANCE_MARKER);
  return instanceId === null ? null : { instanceId, executionId: valueFor(EXECUTION_MARKER) };
}
