import { encodeFrame, FRAME_HEADER_BYTES, ProtocolFault, type RawFrame } from '../../protocol/index.js';
import { byteMutations } from './byte-mutations.js';
import type { Corpus } from './corpus.js';
import { judge, type Verdict } from './judge.js';
import type { Random } from './random.js';
import { valueMutations } from './value-mutations.js';

/** A frame that was spoilt, or one of the good ones as it is. */
export interface Mutant {
  readonly bytes: Uint8Array;
  readonly verdict: Verdict;
}

/** How often each type is started from. Frames that open or end a session have their own place in it. */
const TYPES = [
  'submit',
  'submit',
  'submit',
  'submitBatch',
  'stdin',
  'window',
  'window',
  'signal',
  'cancel',
  'cancel',
  'query',
  'ping',
  'ping',
];

/** Makes mutants, the same for the same numbers. */
export class Mutants {
  readonly #corpus: Corpus;
  readonly #random: Random;
  #lastId = 100;

  constructor(corpus: Corpus, random: Random) {
    this.#corpus = corpus;
    this.#random = random;
  }

  /** Starts from a frame of this type, or of any that may come in an open session. */
  next(type = this.#random.pick(TYPES)): Mutant {
    const random = this.#random;
    const bytes = this.#mutateBytes(
      this.#mutateValues(this.#withFreshIds(random.pick(this.#corpus.frames.get(type)!))),
    );
    return { bytes, verdict: judge([bytes]) };
  }

  /** A good frame that is left good. */
  asItIs(frame: RawFrame): Mutant {
    const bytes = encodeFrame(frame);
    return { bytes, verdict: judge([bytes]) };
  }

  /** Ids of frames that have nothing to do with each other, so that most of them can be answered. */
  #withFreshIds(frame: RawFrame): RawFrame {
    if (frame.type === 'submitBatch') {
      const tasks = (frame.body.tasks as [number, unknown][]).map(([, task]) => [this.#freshId(), task]);
      return { ...frame, body: { ...frame.body, tasks } };
    }
    return frame.id === 0 ? frame : { ...frame, id: this.#freshId() };
  }

  #freshId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #mutateValues(frame: RawFrame): Uint8Array {
    const random = this.#random;
    try {
      const times = random.pick([0, 0, 1, 1, 2, 4]);
      let mutant = frame;
      for (let time = 0; time < times; time += 1) mutant = random.pick(valueMutations)(mutant, random, this.#corpus);
      return encodeFrame(mutant);
    } catch (error) {
      // What cannot be sent by this codec is left as it was.
      if (error instanceof ProtocolFault) return encodeFrame(frame);
      throw error;
    }
  }

  #mutateBytes(frame: Uint8Array): Uint8Array {
    const random = this.#random;
    const times = random.pick([0, 0, 0, 1, 1, 2]);
    let payload: Uint8Array = frame.slice(FRAME_HEADER_BYTES);
    for (let time = 0; time < times; time += 1) payload = random.pick(byteMutations)(payload, random, this.#corpus);
    return withHeader(payload, random.chance(0.02) ? random.pick(LIES)(payload.length) : payload.length);
  }
}

/** Headers that say something else than what comes. */
const LIES: readonly ((length: number) => number)[] = [
  () => 0,
  (length) => length + 1,
  (length) => Math.max(0, length - 1),
  () => 0xff_ffff,
  () => 0x100_0000,
  () => 0xffff_ffff,
  () => 0x4865_6c6c,
];

function withHeader(payload: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}
