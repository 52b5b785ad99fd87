import { encodeFrame, FrameReader, ProtocolFault, type RawFrame, toTaggedJson } from '../../protocol/index.js';
import type { Corpus } from './corpus.js';
import { FuzzFailure } from './fuzz-failure.js';
import { judge } from './judge.js';
import { Mutants } from './mutants.js';
import { Random } from './random.js';

/** What became of mutants that were only decoded. */
export interface DecodingOutcome {
  readonly frames: number;
  /** How many were good, not whole, or which fault. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** What this process held in memory meanwhile, in bytes. */
  readonly memory: readonly number[];
}

const SAMPLES = 200;

/** A sequence of numbers that belongs to no session. */
const STREAM = -1;

/**
 * Decodes so many mutants in this process. A mutant must mean the same however it is cut into chunks, and what can be
 * decoded must encode to what decodes to the same.
 *
 * @throws FuzzFailure for the first one of which that does not hold
 */
export function decodeMutants(corpus: Corpus, seed: number, frames: number): DecodingOutcome {
  const random = new Random(seed, STREAM);
  const mutants = new Mutants(corpus, random);
  const verdicts: Record<string, number> = {};
  const memory: number[] = [];
  for (let index = 0; index < frames; index += 1) {
    const { bytes, verdict } = mutants.next();
    try {
      const inPieces = judge(pieces(bytes, random));
      if (JSON.stringify(toTaggedJson(inPieces)) !== JSON.stringify(toTaggedJson(verdict))) {
        throw new Error(`in pieces it is ${JSON.stringify(inPieces)}, whole it is ${JSON.stringify(verdict)}`);
      }
      if (verdict.kind === 'frames') checkRoundTrip(bytes);
    } catch (error) {
      throw new FuzzFailure(`mutant ${index} of the decoding: ${(error as Error).message}`, bytes, { cause: error });
    }
    const kind = verdict.kind === 'fault' ? verdict.code : verdict.kind;
    verdicts[kind] = (verdicts[kind] ?? 0) + 1;
    if (index % Math.ceil(frames / SAMPLES) === 0) memory.push(process.memoryUsage.rss());
  }
  return { frames, verdicts, memory };
}

function pieces(bytes: Uint8Array, random: Random): Uint8Array[] {
  const middle = random.below(bytes.length);
  const next = middle + random.below(8);
  return [bytes.slice(0, middle), bytes.slice(middle, next), bytes.slice(next)];
}

/** What this codec cannot express, such as the key `__proto__`, never comes out of its decoder either. */
function checkRoundTrip(bytes: Uint8Array): void {
  for (const frame of decode(bytes)) {
    const [again] = decode(encodeAgain(frame));
    if (JSON.stringify(toTaggedJson(again)) !== JSON.stringify(toTaggedJson(frame))) {
      throw new Error(`${JSON.stringify(toTaggedJson(frame))} became ${JSON.stringify(toTaggedJson(again))}`);
    }
  }
}

function encodeAgain(frame: RawFrame): Uint8Array {
  try {
    return encodeFrame(frame);
  } catch (error) {
    if (error instanceof ProtocolFault) throw new Error(`what was decoded cannot be encoded: ${error.message}`);
    throw error;
  }
}

function decode(bytes: Uint8Array): RawFrame[] {
  return [...new FrameReader().push(bytes)];
}
