import { assertMilliseconds } from './arguments.js';
import { happensWithin } from './deadline.js';
import { InvalidArgumentError } from './errors.js';
import type { CloseStep } from './loss.js';

/** How long a sidecar that is being ended may take for each step, in ms, before the next one is taken. */
export interface GraceMs {
  /** After the deadline of a drain: to cancel what has not finished, and say `bye`. Default 5,000. */
  readonly shutdown?: number | undefined;
  /** To exit by itself once it has said `bye` or closed its stdout. Default 1,000. */
  readonly bye?: number | undefined;
  /** To exit after its stdin has been closed. Default 2,000. */
  readonly endOfStdin?: number | undefined;
  /** To exit after SIGTERM. Default 2,000. */
  readonly SIGTERM?: number | undefined;
  /** To be dead after SIGKILL; after that it is given up. Default 2,000. */
  readonly SIGKILL?: number | undefined;
}

/** Every step has its time. */
export type Graces = { readonly [Step in keyof GraceMs]-?: number };

const DEFAULT_GRACES: Graces = { shutdown: 5_000, bye: 1_000, endOfStdin: 2_000, SIGTERM: 2_000, SIGKILL: 2_000 };

/** `given` over `graces`, or over the defaults. */
export function withGraces(given: GraceMs = {}, graces = DEFAULT_GRACES): Graces {
  const set = Object.entries(given).filter(([, ms]) => ms !== undefined);
  return { ...graces, ...(Object.fromEntries(set) as Partial<Graces>) };
}

/** @throws InvalidArgumentError */
export function assertGraceMs(graceMs: GraceMs | undefined): void {
  if (graceMs === undefined) return;
  if (typeof graceMs !== 'object' || graceMs === null) throw new InvalidArgumentError('options.graceMs', 'an object');
  for (const [step, ms] of Object.entries(graceMs)) {
    if (!(step in DEFAULT_GRACES)) {
      const steps = Object.keys(DEFAULT_GRACES).join(', ');
      throw new InvalidArgumentError(`options.graceMs.${step}`, `left out: the steps are ${steps}`);
    }
    assertMilliseconds(ms, `options.graceMs.${step}`, 0);
  }
}

/** What the steps down the ladder act on. */
export interface Descent {
  /** Resolves once the sidecar is gone. */
  readonly gone: Promise<unknown>;
  /** The times of the steps, as they are now. */
  readonly graces: () => Graces;
  readonly endOfStdin: () => void;
  readonly kill: (signal: 'SIGTERM' | 'SIGKILL') => void;
  readonly onStep: (step: CloseStep) => void;
}

/** The steps below `shutdown`. At `bye` nothing is done: a sidecar that has said that it leaves is given time to. */
const STEPS = ['bye', 'endOfStdin', 'SIGTERM', 'SIGKILL'] as const;

export type Step = (typeof STEPS)[number];

/** Ends a sidecar step by step from `first`, until it is gone or no step is left. */
export async function descend(sidecar: Descent, first: Step): Promise<void> {
  for (const step of STEPS.slice(STEPS.indexOf(first))) {
    take(step, sidecar);
    if (await happensWithin(sidecar.graces()[step], sidecar.gone)) return;
  }
}

function take(step: Step, sidecar: Descent): void {
  if (step === 'bye') return;
  sidecar.onStep(step);
  if (step === 'endOfStdin') sidecar.endOfStdin();
  else sidecar.kill(step);
}
