import { closeSync, openSync, readFileSync } from 'node:fs';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';

const limit = openFilesLimit();

/** What a task needs to be set up, and all of them together to be cleaned up after. */
const TASK_ROOM = limit === 0 ? 32 : Math.min(32, Math.max(8, Math.floor(limit / 8)));

/** How many files may be open for a further task to be taken on; 0 where that is not limited or not known. */
export const openFilesForTasks = Math.max(0, limit - TASK_ROOM);

/**
 * Makes sure that one more task can be set up, and still be killed and cleaned up after.
 * @throws SandboxError kind `sandbox`, code `too_many_open_files`
 */
export function checkTaskRoom(): void {
  checkRoom(TASK_ROOM, 'another task');
}

/** What a process takes to be spawned, and what the file operations that go on meanwhile may take. */
const SPAWN_ROOM = 8;

/**
 * Makes sure that a process can be spawned: execa cannot tell that there are no descriptors for it, and the error would
 * end the sidecar.
 * @throws SandboxError kind `sandbox`, code `too_many_open_files`
 */
export function checkSpawnRoom(): void {
  checkRoom(SPAWN_ROOM, 'another process');
}

/** Takes the descriptors for a moment: the only question that the system answers at once and truly. */
function checkRoom(count: number, what: string): void {
  const taken: number[] = [];
  try {
    while (taken.length < count) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    throw tooManyOpenFiles(`the files of ${what}`, error);
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
  }
}

/** The system's words for a process that may not open anything more, and for a machine that cannot. */
const EXHAUSTION: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/** What is to be thrown for an error around a task: where descriptors had run out, an error that tells so. */
export function explainExhaustion(error: unknown): unknown {
  return isExhaustion(error) && !(error instanceof SandboxError) ? tooManyOpenFiles('a task', error) : error;
}

/** Whether descriptors had run out, as the error or what caused it says. */
export function isExhaustion(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return EXHAUSTION.has(errorCode(error)) || isExhaustion(error.cause);
}

function tooManyOpenFiles(what: string, cause: unknown): SandboxError {
  const message = `the sidecar has no room to open ${what}: it may have ${limit} files open (ulimit -n, or fewer tasks at once: setting maxConcurrentTasks)`;
  return new SandboxError('sandbox', 'too_many_open_files', message, { limit }, { cause });
}

/** How many files this process may have open; 0 where that is not limited or not known. Linux only. */
function openFilesLimit(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
