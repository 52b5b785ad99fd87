import { MAX_TIMER_MS } from './arguments.js';

/** A time limit that runs. */
export interface Deadline {
  clear(): void;
}

/**
 * Calls `onPassed` once `ms` have passed, unless it is cleared before. Where the host's own event loop was blocked
 * meanwhile, what has arrived is read first: a sidecar is never blamed for an answer that lies in its pipe.
 */
export function startDeadline(ms: number, onPassed: () => void, { ref = true } = {}): Deadline {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(
    () => {
      turn = setImmediate(onPassed);
    },
    Math.min(ms, MAX_TIMER_MS),
  );
  if (!ref) timer.unref();
  return {
    clear: () => {
      clearTimeout(timer);
      clearImmediate(turn);
    },
  };
}

/** Whether one of `events` resolves within `ms`. */
export async function happensWithin(ms: number, ...events: Promise<unknown>[]): Promise<boolean> {
  let deadline: Deadline | undefined;
  const passed = new Promise<false>((resolve) => {
    deadline = startDeadline(ms, () => resolve(false));
  });
  try {
    return await Promise.race([passed, ...events.map((event) => event.then(() => true))]);
  } finally {
    deadline?.clear();
  }
}
