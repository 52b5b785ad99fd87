import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { errorCode } from './error-code.js';
import { SandboxError } from './errors.js';

const TOO_MANY = 'too_many_open_files';

const limit = openFilesLimit();

/** What is never given to tasks that are set up, so that those which run can still be killed and cleaned up after. */
const RESERVE = limit === 0 ? 32 : Math.min(32, Math.max(8, Math.floor(limit / 8)));

/** How many files may be open for a further task to be taken on; 0 where that is not limited or not known. */
export const openFilesForTasks = Math.max(0, limit - RESERVE);

/** How many files may have been opened since they were last counted, at most, and how many there were then. */
let counted = { files: Number.POSITIVE_INFINITY, since: 0 };

/**
 * Whether so many more can be opened for tasks that are set up. Where there is plenty, that is known without counting
 * anew: what is asked for is taken to be opened, until the sum nears the bound.
 */
export function hasRoomFor(count: number): boolean {
  if (limit === 0) return true;
  const bound = limit - RESERVE;
  counted.since += count;
  if (counted.files + counted.since + PLENTY <= bound) return true;
  counted = { files: countOpenFiles() ?? limit, since: 0 };
  return counted.files + count <= bound;
}

/** What the sidecar opens for anything but setting tasks up is far less. */
const PLENTY = 256;

const OPEN_FILES = '/proc/self/fd';

/**
 * How many files this process has open; null where not even that can be looked at. Linux only: since 6.2 it is the size of
 * the directory that lists them (proc_pid_fd(5)), which was 0 before.
 */
export function countOpenFiles(): number | null {
  try {
    return statSync(OPEN_FILES).size || readdirSync(OPEN_FILES).length;
  } catch {
    return null;
  }
}

/** What a process takes to be spawned, and what the file operations that go on meanwhile may take. */
const SPAWN_ROOM = 8;

/**
 * Makes sure that a process can be spawned: execa cannot tell that there are no descriptors for it, and the error would
 * end the sidecar. It takes them for a moment: the only question that the system answers at once and truly.
 * @throws SandboxError kind `sandbox`, code `too_many_open_files`
 */
export function checkSpawnRoom(): void {
  const taken: number[] = [];
  try {
    while (taken.length < SPAWN_ROOM) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    throw tooManyOpenFiles('the files of another process', error);
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
  }
}

/** The system's words for a process that may not open anything more, and for a machine that cannot; and ours. */
const EXHAUSTION: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', TOO_MANY]);

/** What is to be thrown for an error around a task: where descriptors had run out, an error that tells so. */
export function explainExhaustion(error: unknown): unknown {
  return isExhaustion(error) && !(error instanceof SandboxError) ? tooManyOpenFiles('a task', error) : error;
}

/** Whether descriptors had run out, as the error or what caused it says. */
export function isExhaustion(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return EXHAUSTION.has(errorCode(error)) || isExhaustion(error.cause);
}

export function tooManyOpenFiles(what: string, cause?: unknown): SandboxError {
  const message = `the sidecar has no room to open ${what}: it may have ${limit} files open (ulimit -n, or fewer tasks at once: setting maxConcurrentTasks)`;
  return new SandboxError('sandbox', TOO_MANY, message, { limit }, { cause });
}

/** How many files this process may have open; 0 where that is not limited or not known. Linux only. */
function openFilesLimit(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
