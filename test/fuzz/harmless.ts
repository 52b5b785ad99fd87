import { type HostFrame, parseTask } from '../../protocol/index.js';

/** Ids from here on belong to the fuzzing itself. */
export const FIRST_OWN_ID = 4_000_000_000;

/**
 * Whether frames may be sent to a real sidecar: the only command that they can start is `true`, they do not end the
 * session, and their ids are not those of the fuzzing.
 */
export function isHarmless(frames: readonly HostFrame[]): boolean {
  return frames.every((frame) => {
    if (frame.type === 'shutdown' || frame.id >= FIRST_OWN_ID) return false;
    if (frame.type === 'submit') return isHarmlessTask(frame.body);
    return (
      frame.type !== 'submitBatch' || frame.body.tasks.every(([id, task]) => id < FIRST_OWN_ID && isHarmlessTask(task))
    );
  });
}

/** Whether one of the frames starts a process. */
export function startsTask(frames: readonly HostFrame[]): boolean {
  return frames.some((frame) => {
    if (frame.type === 'submit') return parseTask(frame.body).ok;
    return (
      frame.type === 'submitBatch' &&
      frame.body.tasks.length > 0 &&
      frame.body.tasks.every(([, task]) => parseTask(task).ok)
    );
  });
}

function isHarmlessTask(body: unknown): boolean {
  const parsed = parseTask(body);
  return !parsed.ok || parsed.task.command === 'true';
}
