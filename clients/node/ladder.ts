import { MAX_TIMER_MS } from './arguments.js';
import type { CloseStep } from './errors.js';

/** What the steps down the ladder act on. */
export interface Descent {
  /** Resolves once the sidecar is gone. */
  readonly gone: Promise<unknown>;
  readonly endOfStdin: () => void;
  readonly kill: (signal: 'SIGTERM' | 'SIGKILL') => void;
  readonly onStep: (step: CloseStep) => void;
}

/** The steps below `shutdown`. `patience` is none: a sidecar that has said that it leaves is given time to do so. */
const STEPS = ['patience', 'endOfStdin', 'SIGTERM', 'SIGKILL'] as const;

export type Step = (typeof STEPS)[number];

/** How long each step is given to work, in ms, before the next one is taken. */
export const STEP_GRACE_MS = {
  patience: 1_000,
  endOfStdin: 2_000,
  SIGTERM: 2_000,
  SIGKILL: 2_000,
} as const satisfies Record<Step, number>;

/** Ends a sidecar step by step from `first`, until it is gone or no step is left. */
export async function descend(sidecar: Descent, first: Step): Promise<void> {
  for (const step of STEPS.slice(STEPS.indexOf(first))) {
    take(step, sidecar);
    if (await happensWithin(STEP_GRACE_MS[step], sidecar.gone)) return;
  }
}

/** Whether one of `events` resolves within `ms`. */
export async function happensWithin(ms: number, ...events: Promise<unknown>[]): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS), false);
  });
  try {
    return await Promise.race([timeout, ...events.map((event) => event.then(() => true))]);
  } finally {
    clearTimeout(timer);
  }
}

function take(step: Step, sidecar: Descent): void {
  if (step === 'patience') return;
  sidecar.onStep(step);
  if (step === 'endOfStdin') sidecar.endOfStdin();
  else sidecar.kill(step);
}
