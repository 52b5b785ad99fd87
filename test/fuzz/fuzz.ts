import type { Corpus } from './corpus.js';
import { planSession } from './fuzz-session.js';
import { growthOf, type MemoryGrowth } from './memory-growth.js';
import { runSession } from './run-session.js';

export interface FuzzOptions {
  readonly corpus: Corpus;
  readonly seed: number;
  /** How many frames the sidecars are sent in all. */
  readonly frames: number;
  /** How many a sidecar is sent on average, before it is sent something that ends it. */
  readonly averageFrames: number;
  /** Only this session. */
  readonly session?: number | undefined;
  /** The command that starts a sidecar. */
  readonly command: readonly string[];
  /** How many sidecars run at once. */
  readonly parallel: number;
}

/** What the sidecars made of it. */
export interface FuzzReport {
  readonly frames: number;
  readonly sessions: number;
  /** How the sessions ended, and how many of each. */
  readonly endings: Readonly<Record<string, number>>;
  /** The memory of the one sidecar that is sent a half of all frames. */
  readonly memory: MemoryGrowth;
}

/**
 * Plays fuzzed sessions until enough frames have been sent. Session 0 is long, so that memory can be seen to stay flat;
 * the others end at random, each with a sidecar of its own.
 * @throws FuzzFailure for the first thing that must not be
 */
export async function fuzzSidecars(options: FuzzOptions): Promise<FuzzReport> {
  const { corpus, seed, frames, averageFrames, session, command, parallel } = options;
  const endings: Record<string, number> = {};
  let memory: readonly number[] = [];
  let sent = 0;
  let sessions = 0;
  let next = session ?? 0;
  let reserved = 0;
  const play = async () => {
    while (session === undefined ? Math.max(sent, reserved) < frames : next === session) {
      const index = next;
      next += 1;
      const plan = planSession(corpus, {
        seed,
        index,
        averageFrames,
        ...(index === 0 && { frames: Math.ceil(frames / 2) }),
      });
      reserved += plan.frames;
      const outcome = await runSession(plan, command);
      reserved += outcome.frames - plan.frames;
      sent += outcome.frames;
      sessions += 1;
      endings[outcome.ending] = (endings[outcome.ending] ?? 0) + 1;
      if (index === 0) memory = outcome.memory;
    }
  };
  await Promise.all(Array.from({ length: parallel }, play));
  return { frames: sent, sessions, endings, memory: growthOf(memory) };
}
