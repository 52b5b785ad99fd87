import type { Corpus } from './corpus.js';
import { FIRST_OWN_ID, isHarmless, startsTask } from './harmless.js';
import { type Mutant, Mutants } from './mutants.js';
import { Random } from './random.js';
import { UsedIds } from './used-ids.js';

/** What a host does in one session: everything is known beforehand, from the seed and the number of the session. */
export interface FuzzSession {
  readonly index: number;
  /** The first frame. */
  readonly init: Mutant;
  /** How many frames come before the last one. */
  readonly frames: number;
  /** The frames before the last one, that many at a time; each time the sidecar has to answer a ping of its own. */
  readonly batches: () => Generator<Uint8Array[], void, void>;
  /** What ends the session; empty for the end of the stream alone. */
  readonly last: () => Mutant | null;
  /** How the bytes are cut into writes. */
  readonly cut: (bytes: Uint8Array) => Uint8Array[];
}

export interface SessionNumbers {
  readonly seed: number;
  readonly index: number;
  /** How many frames come before the last one, on average. */
  readonly averageFrames: number;
  /** How many there are in this session; it is opened by a good `init`, and uses no id again. */
  readonly frames?: number | undefined;
}

const BATCH_FRAMES = 200;

/** How many sessions use ids again without looking. */
const CARELESS_SHARE = 0.2;

/** How often a task that could run is let through: each costs a process. */
const TASK_SHARE = 0.02;

/** Plans a session: the same numbers give the same one. */
export function planSession(corpus: Corpus, { seed, index, averageFrames, frames }: SessionNumbers): FuzzSession {
  const random = new Random(seed, index);
  const mutants = new Mutants(corpus, random);
  const count = frames ?? 1 + random.below(2 * averageFrames);
  const good = corpus.frames.get('init')!;
  const isCareless = frames === undefined && random.chance(CARELESS_SHARE);
  const ids = new UsedIds();
  const isFit = (mutant: Mutant) => isSurvivable(mutant, random) && (isCareless || ids.claim(mutant.verdict.frames));
  return {
    index,
    init: frames === undefined && random.chance(0.1) ? mutants.next('init') : mutants.asItIs(good[0]!),
    frames: count,
    *batches() {
      for (let left = count; left > 0; left -= BATCH_FRAMES) {
        yield Array.from({ length: Math.min(left, BATCH_FRAMES) }, () => firstFit(mutants, isFit).bytes);
      }
    },
    last: () => lastOf(mutants, random),
    cut: (bytes) => cut(bytes, random),
  };
}

function firstFit(mutants: Mutants, isFit: (mutant: Mutant) => boolean): Mutant {
  for (;;) {
    const mutant = mutants.next();
    if (isFit(mutant)) return mutant;
  }
}

/** Whether a session may go on after a mutant, and nobody comes to harm. */
function isSurvivable({ verdict: { kind, frames } }: Mutant, random: Random): boolean {
  return kind === 'frames' && isHarmless(frames) && (!startsTask(frames) || random.chance(TASK_SHARE));
}

function lastOf(mutants: Mutants, random: Random): Mutant | null {
  if (random.chance(0.05)) return null;
  if (random.chance(0.05)) return mutants.asItIs(SHUTDOWN);
  return firstFit(mutants, ({ verdict: { kind, frames } }) => kind !== 'frames' && isHarmless(frames));
}

const SHUTDOWN = { type: 'shutdown', id: 0, body: { mode: 'drain', deadlineMs: 1_000 } };

/** The id of the ping behind a batch. */
export function pingId(batch: number): number {
  return FIRST_OWN_ID + batch;
}

function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const cuts = Array.from({ length: random.pick([0, 0, 1, 3, 20]) }, () => random.below(bytes.length));
  const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, position) => bytes.subarray(edges[position]!, end));
}
