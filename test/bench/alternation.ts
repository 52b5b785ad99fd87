import { type Contestant, type Line, NotMeasuredError, type Runner, type Sample } from './line.js';

/** What the contestants of a line have measured. */
export interface Measurement {
  /** The samples of each contestant, by its name, one for each round. */
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
  /** Why a contestant was not measured, by its name. */
  readonly notMeasured: Readonly<Record<string, string>>;
}

export interface AlternationOptions {
  /** Whether the bench itself is only tried out. */
  readonly quick: boolean;
  /** Ends it early: everything that was started is ended, and the reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Measures a line. All contestants are there from the beginning to the end; in each round they take their turns one
 * after the other, so that what slows the machine down for a while slows all of them down.
 *
 * @throws the reason of `signal`; whatever a contestant throws
 */
export async function alternate(line: Line, { quick, signal }: AlternationOptions): Promise<Measurement> {
  const extent = quick ? 'quick' : 'full';
  const rounds = line.warmUpRounds[extent] + line.rounds[extent];
  const samples: Record<string, Sample[]> = {};
  const notMeasured: Record<string, string> = {};
  const runners: [name: string, runner: Runner][] = [];
  try {
    for (const contestant of line.contestants) {
      // Whoever is being started is waited for, since it could not be ended yet.
      signal.throwIfAborted();
      const runner = await open(contestant);
      if (runner instanceof NotMeasuredError) notMeasured[contestant.name] = runner.message;
      else {
        runners.push([contestant.name, runner]);
        samples[contestant.name] = [];
      }
    }
    for (let index = 0; index < rounds; index += 1) {
      const take = async ([name, runner]: (typeof runners)[number]) => {
        const sample = await unlessAborted(signal, runner.round({ amount: line.amount[extent], signal }));
        if (index >= line.warmUpRounds[extent]) samples[name]?.push(sample);
      };
      if (line.isConcurrent) await Promise.all(runners.map(take));
      else for (const runner of runners) await take(runner);
    }
    return { samples, notMeasured };
  } finally {
    await Promise.all(runners.map(([, runner]) => runner[Symbol.asyncDispose]()));
  }
}

async function open({ open }: Contestant): Promise<Runner | NotMeasuredError> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof NotMeasuredError) return error;
    throw error;
  }
}

/** What is waited for, or the end: a round that is broken off fails when its contestant is disposed of. */
function unlessAborted<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
