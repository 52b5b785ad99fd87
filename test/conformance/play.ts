import type { Peer } from './peer.js';
import { Player } from './player.js';
import type { Outcome } from './report.js';
import type { Transcript } from './transcript.js';

/**
 * Plays a transcript to its end or to the first step that fails.
 * @param beforeStep is told the index of each step before it is taken
 */
export async function play(
  transcript: Transcript,
  peer: Peer,
  patience: number,
  beforeStep: (index: number) => void = () => undefined,
): Promise<Outcome> {
  const { name, header, steps } = transcript;
  const started = performance.now();
  const outcome = { name, shows: header.shows, plays: header.plays, steps: steps.length };
  const player = new Player(transcript, peer, patience);
  let line = 1;
  try {
    for (const [index, step] of steps.entries()) {
      line = step.line;
      beforeStep(index);
      await player.take(step);
    }
    await player.finish();
    await peer[Symbol.asyncDispose]();
    return { ...outcome, passed: true, ms: elapsed(started) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await Promise.resolve(peer[Symbol.asyncDispose]()).catch(() => undefined);
    return { ...outcome, passed: false, ms: elapsed(started), line, reason, log: peer.log };
  }
}

function elapsed(started: number): number {
  return Math.round(performance.now() - started);
}
