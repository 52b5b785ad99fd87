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
export async function alternate(line: Line, options: AlternationOptions): Promise<Measurement> {
  const samples: Record<string, Sample[]> = {};
  const notMeasured: Record<string, string> = {};
  const runners = new Map<string, Runner>();
  try {
    for (const contestant of line.contestants) {
      // Whoever is being started is waited for, since it could not be ended yet.
      options.signal.throwIfAborted();
      const runner = await open(contestant);
      if (runner instanceof NotMeasuredError) notMeasured[contestant.name] = runner.message;
      else runners.set(contestant.name, runner);
    }
    for await (const [name, sample] of takeTurns(line, runners, options)) {
      samples[name] ??= [];
      samples[name].push(sample);
    }
    return { samples, notMeasured };
  } finally {
    await Promise.all([...runners.values()].map((runner) => runner[Symbol.asyncDispose]()));
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

/** The samples that count, as they come. */
async function* takeTurns(
  { amount, rounds, warmUpRounds, isConcurrent }: Line,
  runners: ReadonlyMap<string, Runner>,
  { quick, signal }: AlternationOptions,
): AsyncGenerator<[name: string, sample: Sample]> {
  const extent = quick ? 'quick' : 'full';
  const turn = async ([name, runner]: [string, Runner]): Promise<[string, Sample]> => {
    return [name, await unlessAborted(signal, runner.round({ amount: amount[extent], signal }))];
  };
  for (let round = -warmUpRounds[extent]; round < rounds[extent]; round += 1) {
    const taken = isConcurrent ? await Promise.all([...runners].map(turn)) : await oneByOne([...runners], turn);
    if (round >= 0) yield* taken;
  }
}

async function oneByOne<Item, Result>(items: Item[], act: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await act(item));
  return results;
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
